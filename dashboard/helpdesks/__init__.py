"""Helpdesks: one adapter module each, behind one port."""
