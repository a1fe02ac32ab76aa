"""Agents, their availability and memberships."""
