"""The only package that uses SQLAlchemy and Redis."""
