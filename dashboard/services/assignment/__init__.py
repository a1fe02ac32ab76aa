"""Runs of the engine: batches, outcomes, the stranded check."""
