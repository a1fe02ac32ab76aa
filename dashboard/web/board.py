"""The live board."""

from zlib import crc32

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.model import Presence
from dashboard.http import desk
from dashboard.services import board as services
from dashboard.services import results
from dashboard.services.seats import State
from dashboard.services.workload import Sort, View
from dashboard.store.errors import StoreUnavailable
from dashboard.web import htmx
from dashboard.web.blueprints import pages_of
from dashboard.web.visitors import scope, viewer

# What no change announces, such as an agent who falls silent or a rate limit's slot, is seen after this long.
REDRAW_SECONDS = 10
UNSAID = {"sort": Sort.NAME.value, "page": "1"}
pages = pages_of("board")


@pages.get("/")
def show() -> ResponseReturnValue:
    """Show the board, or if nothing has changed since the last poll, say so."""
    now = clock.now()
    version = _version(now.timestamp())
    if version and htmx.shown_version() == version:
        return htmx.unchanged()
    board = services.live_board(desk(), scope(), view=_view(), redis_answers=version is not None, now=now)
    if htmx.asked():
        return _in_place(htmx.fragment("board/_board.html", version=version, board=board))
    ran = results.of_jobs(desk(), viewer().account_id, request.args.getlist("job"))
    return render_template("board/show.html", board=board, ran=ran, wall="wall" in request.args)


@pages.app_template_global()
def here(**changes: object) -> str:
    """Return the board's address with some of what was asked for changed."""
    asked = {**request.args.to_dict(), **{name: value and str(value) for name, value in changes.items()}}
    worth = {name: value for name, value in asked.items() if value and value != UNSAID.get(name) and name != "job"}
    return url_for("web.board.show", **worth)


def _version(seconds: float) -> str | None:
    """Return what changes when this page may look different, or None while Redis cannot tell."""
    try:
        live = desk().signals.live.current(viewer().account_id)
    except StoreUnavailable:
        return None
    return f"{live}.{int(seconds // REDRAW_SECONDS)}.{crc32(request.query_string):x}"


def _view() -> View:
    """Return which agents are asked for; what makes no sense asks for nothing."""
    args = request.args
    words = {word.value: word for kind in (Presence, State) for word in kind}
    return View(
        inbox_id=args.get("inbox", type=int),
        team_id=args.get("team", type=int),
        presence=words.get(args.get("presence", "")),
        sort=args.get("sort", Sort.NAME, type=Sort),
        page=max(1, args.get("page", 1, type=int)),
    )


def _in_place(response: Response) -> Response:
    """Show in the address bar what a filter or a sort asked for; a poll leaves it alone."""
    if htmx.shown_version() is None:
        response.headers["HX-Replace-Url"] = here()
    return response
