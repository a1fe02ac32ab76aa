"""Accounts, log-ins, invitations, sessions, API tokens."""
