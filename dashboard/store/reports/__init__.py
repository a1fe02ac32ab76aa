"""Rollups and the report page."""
