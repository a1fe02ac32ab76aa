"""One function, one thing the system does; the entry point that calls it ends the transaction."""
