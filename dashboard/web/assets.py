"""Addresses of static files that name their content, so that a browser may keep them for a year."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, redirect, request, url_for

FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "no-cache"


def init_app(app: Flask) -> None:
    """Let templates say asset("js/live.js")."""
    app.jinja_env.globals.update(asset=asset, stylesheets=stylesheets)
    app.after_request(_keep)
    # Where no page names an icon, browsers ask for this one.
    app.add_url_rule("/favicon.ico", "icon", lambda: redirect(asset("img/mark.svg")))


def stylesheets() -> tuple[str, ...]:
    """Return the style sheets; which of them wins is said by their layers, not by their order."""
    root = Path(current_app.static_folder or "") / "css"
    parts = sorted(path.name for path in (root / "components").glob("*.css"))
    return ("css/tokens.css", "css/base.css", "css/layout.css", *(f"css/components/{name}" for name in parts))


def asset(name: str) -> str:
    """Return the address of a file under static/, with its content's digest."""
    return url_for("static", filename=name, v=_digest(name))


def _digest(name: str) -> str:
    path = Path(current_app.static_folder or "") / name
    return _digest_of(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _digest_of(path: Path, changed_at: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _keep(response: Response) -> Response:
    """Let a static file be kept while its address names exactly this content.

    While servers of two releases run side by side, one may be asked for the other's file.
    """
    if request.endpoint == "static":
        name = (request.view_args or {})["filename"]
        right = response.status_code in (200, 304) and request.args.get("v") == _digest(name)
        response.headers["Cache-Control"] = FOREVER if right else BRIEFLY
    return response
