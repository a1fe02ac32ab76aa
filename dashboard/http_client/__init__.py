"""HTTP requests to addresses of users, which never reach the internal network."""
