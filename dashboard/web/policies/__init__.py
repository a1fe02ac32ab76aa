"""Assignment policies and capacity policies, with their forms."""
