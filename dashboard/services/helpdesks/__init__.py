"""Services of connections to helpdesks."""
