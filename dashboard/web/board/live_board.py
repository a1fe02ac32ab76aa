"""The live board."""

from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from typing import cast
from zlib import crc32

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from dashboard import clock
from dashboard.engine.model import Presence
from dashboard.http import unit_of_work
from dashboard.services.assignment import run_results
from dashboard.services.board import live_board as services
from dashboard.services.board.agent_status import StatusKind
from dashboard.services.board.live_board import Board
from dashboard.services.board.workload import Sort, View
from dashboard.store.core.errors import StoreUnavailable
from dashboard.web.core import form_input, fragment_cache, htmx, urls
from dashboard.web.core.auth import scope, viewer
from dashboard.web.core.blueprints import pages_of
from dashboard.web.core.fragment_cache import UNTOLD, Version, Wish

# What no change announces, such as an agent who falls silent or a rate limit's slot, is seen after this long.
REDRAW_SECONDS = 10
# While Redis cannot tell what has changed, everything may have.
UNTOLD_SECONDS = 2
NAMES = ("wall", "inbox", "team", "presence", "sort", "page")
UNSAID = {"sort": Sort.NAME.value, "page": "1"}
pages = pages_of("board")


@pages.get("/")
def show() -> ResponseReturnValue:
    """Show the board, or if nothing has changed since the last poll, say so."""
    asked = _asked({})
    version = _version(asked, clock.now())
    if htmx.client_version() == str(version):
        return htmx.unchanged()
    if htmx.is_htmx():
        return _in_place(_polled(asked, version))
    drawn, as_of = _with_results(version) if "job" in request.args else _of_all(asked, version)
    return render_template("board/show.html", drawn=drawn, as_of=as_of, wall="wall" in request.args)


@pages.app_template_global()
def here(**changes: object) -> str:
    """Return the board's address with some of what was asked for changed."""
    return urls.cached_url_for(
        "web.board.show", **_asked({name: value and str(value) for name, value in changes.items()})
    )


def _asked(changes: Mapping[str, object]) -> dict[str, object]:
    """Return what of the address makes this page another one, with some of it changed; always in the same order."""
    said = {**_said(), **changes}
    return {name: value for name, value in said.items() if value and value != UNSAID.get(name)}


def _said() -> Mapping[str, str | None]:
    """Return what the address says; read once, as a page has hundreds of links that say most of it again."""
    if "said" not in g:
        g.said = {name: request.args.get(name) for name in NAMES}
    return cast(Mapping[str, str | None], g.said)


def _version(asked: Mapping[str, object], now: datetime) -> Version:
    """Return what changes when this page may look different."""
    view, seconds = crc32(repr(asked).encode()), int(now.timestamp())
    try:
        live = unit_of_work().signals.live.current(viewer().account_id)
    except StoreUnavailable:
        return Version(tick=seconds // UNTOLD_SECONDS, live=UNTOLD, view=view)
    return Version(tick=seconds // REDRAW_SECONDS, live=live, view=view)


def _with_results(version: Version) -> tuple[Markup, datetime]:
    """Draw the board with what came of the runs that this viewer has just asked for."""
    board = _board(version)
    ran = run_results.of_jobs(unit_of_work(), viewer().account_id, request.args.getlist("job"))
    return Markup(render_template("board/_board.html", board=board, version=version, ran=ran)), board.as_of


def _of_all(asked: Mapping[str, object], version: Version) -> tuple[Markup, datetime]:
    """Return the board as all share it whose viewers may see the same and ask for the same, and when it was drawn."""
    drawing = fragment_cache.kept().now(*_wish(asked, version))
    return Markup(drawing.body.decode()), clock.now() - timedelta(seconds=drawing.age)


def _polled(asked: Mapping[str, object], version: Version) -> Response:
    """Answer a tab that shows this board already with a newer one, and any other with what is true now."""
    shown, kept = Version.said(htmx.client_version()), fragment_cache.kept()
    if shown is None or shown.view != version.view:
        return htmx.drawn(kept.now(*_wish(asked, version)))
    drawing = kept.after(shown, *_wish(asked, version))
    return htmx.drawn(drawing) if drawing else htmx.no_content()


def _wish(asked: Mapping[str, object], version: Version) -> tuple[Hashable, Wish]:
    """Return what is to be drawn, and what names everything that it depends on but its version."""
    key = (viewer().role, scope(), version.told, tuple(asked.items()))

    def draw() -> str:
        return render_template("board/_board.html", board=_board(version), version=version)

    shared = unit_of_work().drawings.of(viewer().account_id, repr(key)) if version.told else None
    return key, Wish(version=version, draw=draw, shared=shared)


def _board(version: Version) -> Board:
    return services.live_board(unit_of_work(), scope(), view=_view(), redis_answers=version.told, now=clock.now())


def _view() -> View:
    """Return which agents are asked for; what makes no sense asks for nothing."""
    args = request.args
    words = {word.value: word for kind in (Presence, StatusKind) for word in kind}
    return View(
        inbox_id=form_input.number_in(args, "inbox"),
        team_id=form_input.number_in(args, "team"),
        presence=words.get(args.get("presence", "")),
        sort=args.get("sort", Sort.NAME, type=Sort),
        page=form_input.page_in(args),
    )


def _in_place(response: Response) -> Response:
    """Show in the address bar what a filter or a sort asked for; a poll leaves it alone."""
    if htmx.client_version() is None:
        response.headers["HX-Replace-Url"] = here()
    return response
