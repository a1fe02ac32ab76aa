"""Reports, also as CSV."""
