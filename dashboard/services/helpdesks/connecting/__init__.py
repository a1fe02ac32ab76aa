"""Connections: made, checked, matched, switched and ended by people."""
