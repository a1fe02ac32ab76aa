"""One function, one thing the system does, one transaction."""
