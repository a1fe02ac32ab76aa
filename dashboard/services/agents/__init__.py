"""Agents, their presence, and their deactivation."""
