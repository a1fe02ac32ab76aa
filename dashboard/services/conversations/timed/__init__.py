"""Changes of conversations that come with time: ends of snoozes, returns, and instants of targets."""
