"""Inboxes, teams, members, routing."""
