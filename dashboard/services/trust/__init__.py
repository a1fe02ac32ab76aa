"""Checks of the simulator, and how far the textbook fits an inbox."""
