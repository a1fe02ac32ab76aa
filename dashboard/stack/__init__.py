"""The whole of Evenhand on one machine: the embedded stores and the supervised processes."""
