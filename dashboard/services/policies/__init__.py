"""Assignment policies, capacity policies, and their previews."""
