"""Checks of the simulator, and the measures of inboxes beside the textbook."""
