"""Libredesk."""
