"""Rows of writes in helpdesks, and of conflicts over them."""
