"""The page about the simulator."""
