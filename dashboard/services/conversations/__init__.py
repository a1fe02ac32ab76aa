"""Conversations: creation, changes, labels, contacts, suggestions."""
