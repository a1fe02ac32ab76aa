"""Addresses of lists: what a page asks for, word by word, with some of it changed."""

from typing import Any

from flask import url_for


def of(endpoint: str, asked: Any, /, **changes: object) -> str:
    """Return where a page is shown that asks for this; nothing and the first page are not said."""
    said: dict[str, object] = {name: getattr(asked, name) for name in asked.__slots__} | changes
    words = {name: str(value) for name, value in said.items() if value and (name, value) != ("page", 1)}
    return url_for(endpoint, **words)
