"""Log-in, invitations, users, tokens, the account's settings."""
