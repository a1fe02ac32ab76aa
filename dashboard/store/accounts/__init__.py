"""Accounts, log-ins, sessions, tokens, the audit log."""
