"""Snapshots, claims, runs, and the counts that they read."""
