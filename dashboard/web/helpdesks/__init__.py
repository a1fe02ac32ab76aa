"""Connections to helpdesks: their list, their pages, and the steps that set one up."""
