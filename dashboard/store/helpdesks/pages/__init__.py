"""What pages show of connections."""
