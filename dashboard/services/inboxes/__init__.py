"""Inboxes, teams, and their members."""
