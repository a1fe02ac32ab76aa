"""Assignment policies and capacity policies."""
