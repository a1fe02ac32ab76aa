"""Conversations that come back from agents who do not answer."""
