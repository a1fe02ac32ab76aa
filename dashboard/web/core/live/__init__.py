"""Live pages: what is drawn for everybody at once, and the version by which a page knows a change."""
