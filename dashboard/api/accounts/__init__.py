"""Accounts, invitations, tokens."""
