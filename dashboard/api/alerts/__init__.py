"""Alert channels, alert rules, alerts."""
