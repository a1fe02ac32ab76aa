"""The web server: waitress, which gives a thread only whole requests, with bounds on what a stranger may cost."""
