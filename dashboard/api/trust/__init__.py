"""The simulator's check."""
