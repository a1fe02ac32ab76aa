"""Connections to helpdesks."""
