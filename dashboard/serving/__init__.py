"""The web server: waitress, with limits on each client's cost. Threads receive only whole requests."""
