"""Addresses: of pages, and of lists, which say word by word what they ask for."""

from functools import lru_cache
from typing import Any

from flask import Flask, request, url_for
from werkzeug.routing import IntegerConverter

# Of the links that pages show by the hundred: more than any page has.
MOST_KEPT = 10_000


class DigitsConverter(IntegerConverter):
    """A number in a path, in the digits of ASCII: Python reads those of every script."""

    regex = "[0-9]+"


def init_app(app: Flask) -> None:
    """Let templates say url_for; a board has 600 links, and most of them are those of its last drawing."""
    app.jinja_env.globals.update(url_for=cached_url_for)
    app.url_map.converters["int"] = DigitsConverter


def cached_url_for(endpoint: str, /, **values: object) -> str:
    """Return what Flask's url_for does, from memory where it was asked before."""
    return _to(request.script_root, endpoint, tuple(values.items()))


def list_url(endpoint: str, asked: Any, /, **changes: object) -> str:
    """Return where a page is shown that asks for this; nothing and the first page are not said."""
    said: dict[str, object] = {name: getattr(asked, name) for name in asked.__slots__} | changes
    words = {name: str(value) for name, value in said.items() if value and (name, value) != ("page", 1)}
    return cached_url_for(endpoint, **words)


def wanted(otherwise: str = "") -> str:
    """Return where a form wants to lead afterwards: only ever a path of this site; else to the live board."""
    given = request.values.get("next", "")
    ours = given.startswith("/") and not given.startswith("//") and "\\" not in given
    return given if ours and given.isprintable() else otherwise or cached_url_for("web.board.show")


@lru_cache(maxsize=MOST_KEPT)
def _to(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    return url_for(endpoint, **dict(values))
