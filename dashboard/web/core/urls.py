"""URLs of pages, and of lists with their filters."""

from functools import lru_cache
from typing import Any

from flask import Flask, request, url_for
from werkzeug.routing import IntegerConverter

# Size of the cache of links: more than any page has.
MOST_KEPT = 10_000


class DigitsConverter(IntegerConverter):
    """A number in a path, in ASCII digits only; Python's int() accepts digits of every script."""

    regex = "[0-9]+"


def init_app(app: Flask) -> None:
    """Cache url_for in the templates: a board has 600 links, and most of them are in its last rendering too."""
    app.jinja_env.globals.update(url_for=cached_url_for)
    app.url_map.converters["int"] = DigitsConverter


def cached_url_for(endpoint: str, /, **values: object) -> str:
    """Return url_for's result, from the cache if possible."""
    return _to(request.script_root, endpoint, tuple(values.items()))


def list_url(endpoint: str, asked: Any, /, **changes: object) -> str:
    """Return the URL of a list page from its filters; empty filters and page 1 are left out."""
    said: dict[str, object] = {name: getattr(asked, name) for name in asked.__slots__} | changes
    words = {name: str(value) for name, value in said.items() if value and (name, value) != ("page", 1)}
    return cached_url_for(endpoint, **words)


def wanted(otherwise: str = "") -> str:
    """Return the address to open after a form, if it is a path of this site; else the live board's."""
    given = request.values.get("next", "")
    ours = given.startswith("/") and not given.startswith("//") and "\\" not in given
    return given if ours and given.isprintable() else otherwise or cached_url_for("web.board.show")


@lru_cache(maxsize=MOST_KEPT)
def _to(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    return url_for(endpoint, **dict(values))
