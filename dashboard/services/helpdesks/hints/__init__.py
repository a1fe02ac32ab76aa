"""Webhooks as hints: they mark conversations, and jobs read the marked ones."""
