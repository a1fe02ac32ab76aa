"""Readings that need no webhook: what is due, page by page, and what a failure means."""
