"""What people and programs may ask for, checked once for pages, API and command line."""
