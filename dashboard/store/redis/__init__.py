"""All data in Redis."""
