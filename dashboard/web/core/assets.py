"""URLs of static files with a digest of the content, so that browsers may cache the files for a year."""

import hashlib
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, abort, current_app, redirect, request, url_for

# The file types that pages load; node_modules also contains package files and other types.
SERVED = frozenset({".css", ".js", ".png", ".svg"})
FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "no-cache"


def init_app(app: Flask) -> None:
    """Add asset("js/live.js") and stylesheets() to the templates, and the caching of static files."""
    app.jinja_env.globals.update(asset=asset, stylesheets=stylesheets)
    app.before_request(_refuse_other_files)
    app.after_request(_keep)
    # Browsers request this path for documents without an icon, such as a CSV file.
    app.add_url_rule("/favicon.ico", "icon", lambda: redirect(asset("img/mark.svg")))


def _refuse_other_files() -> None:
    """Refuse static files of other types, hidden files, and links to files outside the static folder."""
    if request.endpoint == "static" and not _is_ours((request.view_args or {})["filename"]):
        abort(HTTPStatus.NOT_FOUND)


def _is_ours(name: str) -> bool:
    path, root = Path(name), Path(current_app.static_folder or "")
    if not name.isprintable() or path.suffix not in SERVED or any(part.startswith(".") for part in path.parts):
        return False
    # node_modules may itself be a link to another folder.
    homes = (root.resolve(), (root / "node_modules").resolve())
    return any((root / path).resolve().is_relative_to(home) for home in homes)


def stylesheets() -> tuple[str, ...]:
    """Return the style sheets; their cascade layers decide which rule wins, not their order."""
    root = Path(current_app.static_folder or "") / "css"
    parts = sorted(path.name for path in (root / "components").glob("*.css"))
    return ("css/tokens.css", "css/base.css", "css/layout.css", *(f"css/components/{name}" for name in parts))


def asset(name: str) -> str:
    """Return the URL of a file under static/, with the digest of its content."""
    return url_for("static", filename=name, v=_digest(name))


def _digest(name: str) -> str:
    path = Path(current_app.static_folder or "") / name
    return _digest_of(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _digest_of(path: Path, changed_at: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _keep(response: Response) -> Response:
    """Let browsers cache a static file for a year if the URL's digest matches its content.

    While servers of two releases run side by side, a server may receive a URL of the other release's file.
    """
    if request.endpoint == "static":
        name = (request.view_args or {})["filename"]
        right = response.status_code in (200, 304) and request.args.get("v") == _digest(name)
        response.headers["Cache-Control"] = FOREVER if right else BRIEFLY
    return response
