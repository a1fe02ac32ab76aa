"""Undo of the audit log's entries."""
