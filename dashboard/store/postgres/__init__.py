"""Connections to Postgres, locks, and SQL helpers."""
