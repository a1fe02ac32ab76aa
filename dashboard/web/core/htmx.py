"""Full pages and fragments: only this module and htmx-flask read htmx's headers."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Response, flash, g, make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from htmx_flask import request

from dashboard.web.core.live.fragment_cache import Drawing

# The event that makes an element poll at once.
REDRAW = "redraw"


def is_htmx() -> bool:
    """Tell whether htmx requests a part of a page; for the browser's "back" it requests the full page."""
    return bool(request.htmx) and request.headers.get("HX-Request-Type") != "full"


def client_version() -> str | None:
    """Return the version that a polling element shows, None for other requests."""
    version: str | None = request.headers.get("HX-PTag")
    return version


def unchanged() -> Response:
    """Return the answer to a poll from an element that is up to date."""
    return Response(status=HTTPStatus.NOT_MODIFIED)


def no_content() -> Response:
    """Return the answer to a poll while the newer version is being rendered; the element stays as it is."""
    return Response(status=HTTPStatus.NO_CONTENT)


def fragment(template: str, **context: Any) -> Response:
    """Return a part of a page."""
    return make_response(render_template(template, **context))


def drawn(drawing: Drawing) -> Response:
    """Return a part of a page that polls; its next poll sends this version."""
    zips = "gzip" in request.accept_encodings
    response = make_response(drawing.zipped if zips else drawing.body)
    response.headers["HX-PTag"] = str(drawing.version)
    response.vary.add("Accept-Encoding")
    if zips:
        response.content_encoding = "gzip"
    return response


def changed(template: str, *, elsewhere: str, **context: Any) -> ResponseReturnValue:
    """Return the answer to a change: the fragment and an early poll, or a redirect without htmx."""
    if not is_htmx():
        return redirect(elsewhere, HTTPStatus.SEE_OTHER)
    g.is_saved = True
    response = fragment(template, **context)
    response.headers["HX-Trigger"] = '{"' + REDRAW + '": {"target": "[data-live]"}}'
    return response


def saved(template: str, *, said: str, elsewhere: str, **context: Any) -> ResponseReturnValue:
    """Return the answer to a change with a message; without htmx the next page shows the message."""
    if not is_htmx():
        flash(said)
    return changed(template, elsewhere=elsewhere, said=said, **context)


def toast(template: str, **context: Any) -> Response:
    """Return a message for the corner of any page."""
    response = fragment(template, **context)
    response.headers.update({"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"})
    return response


def page_shown() -> str:
    """Return the path of the page that sent the request."""
    try:
        shown = urlsplit(request.htmx.current_url or "")
    except ValueError:  # not an address of a browser
        return ""
    return f"{shown.path}?{shown.query}" if shown.query else shown.path


def to_log_in(url: str) -> Response:
    """Return the answer that makes htmx open the log-in as a full page."""
    return Response(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": url})
