"""Modules that four or more folders share: authentication, errors, parsing, resources."""
