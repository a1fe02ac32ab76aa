"""The mirror of a helpdesk: readings, marks, reconciliation, and their effects on writes."""
