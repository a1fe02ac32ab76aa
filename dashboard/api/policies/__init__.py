"""Assignment policies, capacity policies, previews."""
