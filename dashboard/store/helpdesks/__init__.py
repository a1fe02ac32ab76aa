"""Store of connections to helpdesks."""
