"""The audit log in words."""
