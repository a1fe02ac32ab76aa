"""Suggestions: the smallest changes that would assign a waiting conversation."""
