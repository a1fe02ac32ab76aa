"""Decisions and policies as sentences."""
