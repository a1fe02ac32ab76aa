"""The background: what RQ runs, and when."""
