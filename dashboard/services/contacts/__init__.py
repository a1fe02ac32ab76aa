"""Contacts, and how two of them become one."""
