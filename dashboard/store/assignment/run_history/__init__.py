"""Runs and their decisions, as rows and as pages."""
