"""Runs and assignments."""
