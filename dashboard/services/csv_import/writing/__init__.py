"""Writing of checked rows: inboxes, agents, conversations."""
