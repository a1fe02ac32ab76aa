"""Page or fragment: the only reader of htmx's headers besides htmx-flask."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Response, flash, g, make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from htmx_flask import request

from dashboard.web.core.fragment_cache import Drawing

# A poll that is made early, and asks for what is true now.
REDRAW = "redraw"


def is_htmx() -> bool:
    """Tell whether htmx asks for a part of the page that it already shows; going back, it asks for a page."""
    return bool(request.htmx) and request.headers.get("HX-Request-Type") != "full"


def client_version() -> str | None:
    """Return the version of what a polling element shows, None if it is not a poll that asks."""
    version: str | None = request.headers.get("HX-PTag")
    return version


def unchanged() -> Response:
    """Answer a poll that already shows what there is."""
    return Response(status=HTTPStatus.NOT_MODIFIED)


def no_content() -> Response:
    """Answer a poll for which something newer is being drawn: what it shows stays, and is not said to be of now."""
    return Response(status=HTTPStatus.NO_CONTENT)


def fragment(template: str, **context: Any) -> Response:
    """Answer with a part of a page."""
    return make_response(render_template(template, **context))


def drawn(drawing: Drawing) -> Response:
    """Answer with a part of a page that polls; the version is what its next poll will say it shows."""
    zips = "gzip" in request.accept_encodings
    response = make_response(drawing.zipped if zips else drawing.body)
    response.headers["HX-PTag"] = str(drawing.version)
    response.vary.add("Accept-Encoding")
    if zips:
        response.content_encoding = "gzip"
    return response


def changed(template: str, *, elsewhere: str, **context: Any) -> ResponseReturnValue:
    """Answer a mutation: the fragment and an early redraw, or without htmx the way back to a page."""
    if not is_htmx():
        return redirect(elsewhere, HTTPStatus.SEE_OTHER)
    g.is_saved = True
    response = fragment(template, **context)
    response.headers["HX-Trigger"] = '{"' + REDRAW + '": {"target": "[data-live]"}}'
    return response


def saved(template: str, *, said: str, elsewhere: str, **context: Any) -> ResponseReturnValue:
    """Answer a mutation with the changed part of its page and a sentence; without htmx the next page says it."""
    if not is_htmx():
        flash(said)
    return changed(template, elsewhere=elsewhere, said=said, **context)


def toast(template: str, **context: Any) -> Response:
    """Answer with a sentence, wherever on the page it was asked from."""
    response = fragment(template, **context)
    response.headers.update({"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"})
    return response


def page_shown() -> str:
    """Return the path of the page that the fragment would be part of."""
    try:
        shown = urlsplit(request.htmx.current_url or "")
    except ValueError:  # no browser is at such an address
        return ""
    return f"{shown.path}?{shown.query}" if shown.query else shown.path


def to_log_in(url: str) -> Response:
    """Let htmx open the log-in as a page: a fragment cannot show it."""
    return Response(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": url})
