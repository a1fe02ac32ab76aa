"""Figures of many values: Jain's index, quantiles."""
