"""Explanations: of one conversation, of the waiting list, of a run."""
