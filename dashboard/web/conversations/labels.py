"""The labels that the account suggests."""

from http import HTTPStatus
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.http import finished, unit_of_work
from dashboard.services.accounts import accounts
from dashboard.services.accounts.account_forms import AccountForm
from dashboard.services.agents import skills
from dashboard.services.conversations import labels
from dashboard.services.core.refusals import Conflict, Invalid
from dashboard.services.inboxes.inbox_forms import LabelForm
from dashboard.store.accounts import settings_pages as store
from dashboard.store.core.paging import Page
from dashboard.web.audit.edit_forms import About, editing, refused, there
from dashboard.web.core import form_input
from dashboard.web.core.auth import actor_kwargs, supervisors_only, viewer
from dashboard.web.core.bidi import saying
from dashboard.web.core.blueprints import pages_of

PER_PAGE = 100
pages = pages_of("labels")


@pages.get("/settings/labels")
@supervisors_only
def index() -> ResponseReturnValue:
    """List the labels."""
    return _page()


@pages.post("/settings/labels")
@supervisors_only
def create() -> ResponseReturnValue:
    """Add a label to the suggestions."""
    made = form_input.load(LabelForm(), {"title": request.form.get("title", "")})
    if not isinstance(made, Invalid):
        made = finished(labels.create(unit_of_work(), viewer().account_id, made, **actor_kwargs()))
    if isinstance(made, Invalid):
        return _page(errors=made.errors, typed=request.form), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(saying("{} is suggested from now on.", made.title))
    return redirect(url_for("web.labels.index"), HTTPStatus.SEE_OTHER)


@pages.get("/settings/labels/<int:label_id>")
@supervisors_only
def show(label_id: int) -> ResponseReturnValue:
    """Show a label."""
    return _shown(label_id)


@pages.post("/settings/labels/<int:label_id>")
@supervisors_only
def rename(label_id: int) -> ResponseReturnValue:
    """Rename a label everywhere."""
    wanted = form_input.load(LabelForm(), {"title": request.form.get("title", "")})
    if not isinstance(wanted, Invalid):
        wanted = finished(labels.change(unit_of_work(), viewer().account_id, label_id, wanted, **editing()))
    if wanted is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(wanted, Invalid | Conflict):
        answer = refused(wanted, About("label", label_id))
        return _shown(label_id, errors=answer.errors, typed=request.form), answer.status
    flash(saying("Renamed to {}, on conversations and in policies too.", wanted.title))
    return redirect(url_for("web.labels.show", label_id=label_id), HTTPStatus.SEE_OTHER)


@pages.post("/settings/labels/<int:label_id>/skill")
@supervisors_only
def require(label_id: int) -> ResponseReturnValue:
    """Let conversations with this label require a skill, or none."""
    label = store.label(unit_of_work().session, viewer().account_id, label_id) or abort(HTTPStatus.NOT_FOUND)
    skill = form_input.text("skill")
    checked = form_input.load(AccountForm(partial=True), {"skill_labels": {label.title: skill} if skill else {}})
    if isinstance(checked, Invalid):
        message = {"skill": ("Give a name of at most 100 visible characters.",)}
        return _shown(label_id, errors=message, typed=request.form), HTTPStatus.UNPROCESSABLE_ENTITY
    finished(skills.require(unit_of_work(), viewer().account_id, label.title, skill, **actor_kwargs()))
    if skill is None:
        flash(saying("Conversations with {} require no skill.", label.title))
    elif skills.has_anybody(unit_of_work(), viewer().account_id, skill):
        flash(saying("Conversations with {} require {}.", label.title, skill))
    else:
        flash(saying("Conversations with {} require {}, which no agent has.", label.title, skill))
    return redirect(url_for("web.labels.show", label_id=label_id), HTTPStatus.SEE_OTHER)


@pages.post("/settings/labels/<int:label_id>/deletion")
@supervisors_only
def destroy(label_id: int) -> ResponseReturnValue:
    """Remove a label from the suggestions."""
    removed = there(finished(labels.remove(unit_of_work(), viewer().account_id, label_id, **actor_kwargs())))
    flash(saying("{} was removed from the suggestions. Conversations and policies that use it keep it.", removed.title))
    return redirect(url_for("web.labels.index"), HTTPStatus.SEE_OTHER)


def _shown(label_id: int, **more: Any) -> str:
    found = store.label(unit_of_work().session, viewer().account_id, label_id) or abort(HTTPStatus.NOT_FOUND)
    account = accounts.show(unit_of_work(), viewer().account_id) or abort(HTTPStatus.NOT_FOUND)
    skill = account.skill_labels.get(found.title, "")
    return render_template("labels/show.html", **{"label": found, "skill": skill, "errors": {}, "typed": {}, **more})


def _page(**more: Any) -> str:
    found = store.labels(
        unit_of_work().session, viewer().account_id, Page(page=form_input.page_in(request.args), per_page=PER_PAGE)
    )
    return render_template("labels/index.html", **{"found": found, "errors": {}, "typed": {}, **more})
