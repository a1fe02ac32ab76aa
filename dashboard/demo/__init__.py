"""The demo account: its content, its set-up, and the simulation that keeps it busy."""
