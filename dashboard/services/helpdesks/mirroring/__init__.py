"""The mirror of a helpdesk: readings, marks, reconciliation, and what they mean for writes."""
