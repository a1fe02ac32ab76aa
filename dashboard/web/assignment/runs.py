"""Starting runs now, their results, and the page of a run."""

from datetime import timedelta
from http import HTTPStatus

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.http import unit_of_work
from dashboard.services.assignment import run as assignment_run
from dashboard.services.assignment import run_results
from dashboard.services.assignment.run_results import RequestedRunsResult
from dashboard.services.explanations import run_replay
from dashboard.services.explanations.run_replay import ReplayPage
from dashboard.store.assignment.run_history import run_pages as store
from dashboard.store.core.paging import Page
from dashboard.web.core import form_input, htmx
from dashboard.web.core.auth import supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of

# Most runs end within this time; for longer ones the page polls.
PATIENCE = timedelta(seconds=3)
# After this many polls the page suspects that no worker is running.
MANY_LOOKS = 20
AGENTS_PER_PAGE, LINES_PER_PAGE = 50, 100
pages = pages_of("runs")


@pages.post("/inboxes/<int:inbox_id>/assignment_runs")
@supervisors_only
def create(inbox_id: int) -> ResponseReturnValue:
    """Start a run in one inbox."""
    job_id = assignment_run.request_run(unit_of_work(), viewer().account_id, inbox_id, actor_id=viewer().user_id)
    if job_id is None:
        abort(HTTPStatus.NOT_FOUND)
    return _answer(run_results.wait_for(unit_of_work(), viewer().account_id, [job_id], patience=PATIENCE))


@pages.post("/assignment_runs")
@supervisors_only
def create_all() -> ResponseReturnValue:
    """Start runs in every inbox with waiting conversations."""
    jobs = run_results.request_all(unit_of_work(), viewer().account_id, actor_id=viewer().user_id)
    return _answer(run_results.wait_for(unit_of_work(), viewer().account_id, jobs, patience=PATIENCE))


@pages.get("/assignment_runs")
def result() -> ResponseReturnValue:
    """Show the present results of these jobs' runs."""
    jobs, looks = request.args.getlist("job"), form_input.number_in(request.args, "looks") or 0
    found = run_results.of_jobs(unit_of_work(), viewer().account_id, jobs)
    if not htmx.is_htmx():
        return redirect(url_for("web.board.show", job=jobs), HTTPStatus.SEE_OTHER)
    return htmx.fragment("runs/_result.html", ran=found, looks=looks + 1, slow=looks >= MANY_LOOKS)


@pages.get("/runs/<int:run_id>")
@supervisors_only
def show(run_id: int) -> ResponseReturnValue:
    """Show a run: its results, and one batch's snapshot and decisions."""
    run = store.one(unit_of_work().session, viewer().account_id, run_id)
    if run is None:
        abort(HTTPStatus.NOT_FOUND)
    wanted = ReplayPage(
        batch=form_input.page_in(request.args, "batch"),
        agents=Page(page=form_input.page_in(request.args, "agents"), per_page=AGENTS_PER_PAGE),
        lines=Page(page=form_input.page_in(request.args, "page"), per_page=LINES_PER_PAGE),
    )
    replay = run_replay.page_of_replay(unit_of_work(), viewer().account_id, run_id, wanted)
    return render_template("runs/show.html", run=run, replay=replay)


def _answer(ran: RequestedRunsResult) -> ResponseReturnValue:
    elsewhere = url_for(
        "web.board.show", job=ran.job_ids, _anchor=f"inbox-{ran.inbox_id}" if ran.inbox_id else "inboxes"
    )
    return htmx.changed("runs/_result.html", elsewhere=elsewhere, ran=ran, looks=1, slow=False)
