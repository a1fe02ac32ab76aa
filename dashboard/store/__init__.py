"""The only SQLAlchemy and the only Redis."""
