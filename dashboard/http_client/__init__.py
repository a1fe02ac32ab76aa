"""HTTP requests to users' addresses, which never reach the internal network."""
