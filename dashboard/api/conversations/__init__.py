"""Conversations, contacts, labels."""
