"""Conversations, contacts, lists and search."""
