"""Addresses of static files that name their content, so that a browser may keep them for a year."""

import hashlib
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, abort, current_app, redirect, request, url_for

# What pages are made of. Beside it lie package files, and whatever else a library brings.
SERVED = frozenset({".css", ".js", ".png", ".svg"})
FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "no-cache"


def init_app(app: Flask) -> None:
    """Let templates say asset("js/live.js")."""
    app.jinja_env.globals.update(asset=asset, stylesheets=stylesheets)
    app.before_request(_refuse_other_files)
    app.after_request(_keep)
    # Where no page names an icon, browsers ask for this one.
    app.add_url_rule("/favicon.ico", "icon", lambda: redirect(asset("img/mark.svg")))


def _refuse_other_files() -> None:
    """Serve no file that no page needs, nor one that a link leads to from elsewhere."""
    if request.endpoint == "static" and not _is_ours((request.view_args or {})["filename"]):
        abort(HTTPStatus.NOT_FOUND)


def _is_ours(name: str) -> bool:
    path, root = Path(name), Path(current_app.static_folder or "")
    if not name.isprintable() or path.suffix not in SERVED or any(part.startswith(".") for part in path.parts):
        return False
    # The packages may themselves lie elsewhere.
    homes = (root.resolve(), (root / "node_modules").resolve())
    return any((root / path).resolve().is_relative_to(home) for home in homes)


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
