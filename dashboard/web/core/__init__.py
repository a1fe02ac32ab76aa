"""Modules that four or more folders share: authentication, forms, formatting, htmx, errors."""
