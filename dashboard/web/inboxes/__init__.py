"""Inboxes and teams."""
