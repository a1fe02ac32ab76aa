"""Reads the pages of connections."""
