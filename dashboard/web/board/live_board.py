"""The live board."""

from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from typing import cast

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
from dashboard.web.core import form_input, htmx, urls
from dashboard.web.core.auth import scope, viewer
from dashboard.web.core.blueprints import pages_of
from dashboard.web.core.live import fragment_cache
from dashboard.web.core.live.fragment_cache import Version, Wish
from dashboard.web.core.live.live_version import live_version

NAMES = ("wall", "inbox", "team", "presence", "sort", "page")
UNSAID = {"sort": Sort.NAME.value, "page": "1"}
pages = pages_of("board")


@pages.get("/")
def show() -> ResponseReturnValue:
    """Show the board, or return 304 if nothing has changed since the last poll."""
    asked = _asked({})
    version = live_version(asked, clock.now())
    if htmx.client_version() == str(version):
        return htmx.unchanged()
    if htmx.is_htmx():
        return _in_place(_polled(asked, version))
    drawn, as_of = _with_results(version) if "job" in request.args else _of_all(asked, version)
    return render_template("board/show.html", drawn=drawn, as_of=as_of, wall="wall" in request.args)


@pages.app_template_global()
def here(**changes: object) -> str:
    """Return the board's URL with some parameters changed."""
    return urls.cached_url_for(
        "web.board.show", **_asked({name: value and str(value) for name, value in changes.items()})
    )


def _asked(changes: Mapping[str, object]) -> dict[str, object]:
    """Return the query parameters of this view with some changed, in a fixed order, without defaults."""
    said = {**_said(), **changes}
    return {name: value for name, value in said.items() if value and value != UNSAID.get(name)}


def _said() -> Mapping[str, str | None]:
    """Return the query parameters; read once per request because a page has hundreds of links that repeat them."""
    if "said" not in g:
        g.said = {name: request.args.get(name) for name in NAMES}
    return cast(Mapping[str, str | None], g.said)


def _with_results(version: Version) -> tuple[Markup, datetime]:
    """Render the board with the results of the runs that this viewer has just requested."""
    board = _board(version)
    ran = run_results.of_jobs(unit_of_work(), viewer().account_id, request.args.getlist("job"))
    return Markup(render_template("board/_board.html", board=board, version=version, ran=ran)), board.as_of


def _of_all(asked: Mapping[str, object], version: Version) -> tuple[Markup, datetime]:
    """Return the board from the cache for all viewers with the same rights and parameters, and its time."""
    drawing = fragment_cache.kept().now(*_wish(asked, version))
    return Markup(drawing.body.decode()), clock.now() - timedelta(seconds=drawing.age)


def _polled(asked: Mapping[str, object], version: Version) -> Response:
    """Answer a poll: a newer board for a tab that shows this view, else the current one."""
    shown, kept = Version.said(htmx.client_version()), fragment_cache.kept()
    if shown is None or shown.view != version.view:
        return htmx.drawn(kept.now(*_wish(asked, version)))
    drawing = kept.after(shown, *_wish(asked, version))
    return htmx.drawn(drawing) if drawing else htmx.no_content()


def _wish(asked: Mapping[str, object], version: Version) -> tuple[Hashable, Wish]:
    """Return the cache key and the request for a drawing; the key contains all its inputs except the version."""
    key = (viewer().role, scope(), version.told, tuple(asked.items()))

    def draw() -> str:
        return render_template("board/_board.html", board=_board(version), version=version)

    shared = unit_of_work().drawings.of(viewer().account_id, repr(key)) if version.told else None
    return key, Wish(version=version, draw=draw, shared=shared)


def _board(version: Version) -> Board:
    return services.live_board(unit_of_work(), scope(), view=_view(), redis_answers=version.told, now=clock.now())


def _view() -> View:
    """Return the filters of the agents; invalid values are ignored."""
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
    """Update the address bar after a filter or a sort, not after a poll."""
    if htmx.client_version() is None:
        response.headers["HX-Replace-Url"] = here()
    return response
