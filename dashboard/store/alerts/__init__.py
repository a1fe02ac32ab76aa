"""Alert rules, alerts, channels and notices."""
