"""Paging, errors and text that every concern of the store uses."""
