"""Inboxes, teams, members."""
