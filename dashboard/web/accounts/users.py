"""Users: their roles, their log-ins, and their deactivation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.model import Role
from dashboard.http import finished, invitation_link, unit_of_work
from dashboard.services.accounts import invitations
from dashboard.services.accounts.account_forms import AgentEdit, AgentForm
from dashboard.services.agents import agents
from dashboard.services.agents.agents import AgentView
from dashboard.services.core.refusals import Conflict, Invalid, Stale, invalid
from dashboard.store.agents import agents as agents_store
from dashboard.store.agents import users_page as store
from dashboard.store.agents.users_page import HeldCount, UserLine
from dashboard.store.core.paging import Page
from dashboard.web.audit.edit_forms import About, Errors, editing, refused
from dashboard.web.core import form_input, htmx
from dashboard.web.core.auth import actor_kwargs, administrators_only, viewer
from dashboard.web.core.bidi import saying
from dashboard.web.core.blueprints import pages_of

PER_PAGE = 50
pages = pages_of("users")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """A user with the errors of a form and the consequences of deactivation.

    `link` is the link of a new invitation, which no later page can show.
    """

    user: UserLine
    held: Sequence[HeldCount]
    is_last: bool
    link: str = ""
    errors: Errors = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_mailed(self) -> bool:
        """Tell whether the link is sent by mail as well."""
        return unit_of_work().settings.mail_server is not None

    @property
    def is_self(self) -> bool:
        """Tell whether the viewer looks at their own page."""
        return self.user.id == viewer().user_id


@pages.get("/settings/users")
@administrators_only
def index() -> ResponseReturnValue:
    """List the users."""
    text = form_input.words_in(request.args, "text")
    wanted = Page(page=form_input.page_in(request.args), per_page=PER_PAGE)
    found = store.page_of(unit_of_work().session, viewer().account_id, text, wanted, now=clock.now())
    template = "users/_list.html" if htmx.is_htmx() else "users/index.html"
    return render_template(template, found=found, text=text, last_page=found.meta.last_page)


@pages.get("/settings/users/new")
@administrators_only
def new() -> ResponseReturnValue:
    """Show the form for a new user."""
    return render_template("users/new.html", roles=tuple(Role), errors={}, typed={}, gone=None)


@pages.post("/settings/users")
@administrators_only
def create() -> ResponseReturnValue:
    """Create a user."""
    said: dict[str, Any] = {name: request.form.get(name, "") for name in ("name", "email", "role")}
    if request.form.get("password"):
        said["password"] = request.form["password"]
    made = form_input.load(AgentForm(), said)
    if not isinstance(made, Invalid):
        made = finished(agents.create(unit_of_work(), viewer().account_id, made, **actor_kwargs()))
    if isinstance(made, Conflict):
        abort(HTTPStatus.CONFLICT)
    if isinstance(made, Invalid):
        return _refused(made), HTTPStatus.UNPROCESSABLE_ENTITY
    if request.form.get("invite"):
        return invite(made.id)
    flash(saying("{} was created.", made.name))
    return redirect(url_for("web.users.show", user_id=made.id), HTTPStatus.SEE_OTHER)


@pages.get("/settings/users/<int:user_id>")
@administrators_only
def show(user_id: int) -> ResponseReturnValue:
    """Show a user."""
    return _shown(user_id)


@pages.post("/settings/users/<int:user_id>")
@administrators_only
def update(user_id: int) -> ResponseReturnValue:
    """Change a user's name, e-mail address and role."""
    before = _user(user_id)
    said = {name: request.form.get(name, "") for name in ("name", "email", "role")}
    if said["email"].strip().lower() == before.email:
        del said["email"]
    return _changed(user_id, form_input.load(AgentForm(partial=True), said), "{} was saved.", by=editing())


@pages.post("/settings/users/<int:user_id>/password")
@administrators_only
def set_password(user_id: int) -> ResponseReturnValue:
    """Set a user's password for their first log-in."""
    _user(user_id)
    edit = form_input.load(AgentForm(partial=True), {"password": request.form.get("password", "")})
    return _changed(user_id, edit, "{} can log in with this password.")


@pages.post("/settings/users/<int:user_id>/invitation")
@administrators_only
def invite(user_id: int) -> ResponseReturnValue:
    """Invite a user. The answer is the page, because no later page can show the link."""
    token = finished(invitations.invite(unit_of_work(), viewer().account_id, user_id, **actor_kwargs()))
    if token is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(token, Conflict):
        return _shown(user_id, errors={"last": (token.sentence,)}), HTTPStatus.CONFLICT
    return _shown(user_id, link=invitation_link(token)), HTTPStatus.CREATED


@pages.post("/settings/users/<int:user_id>/invitation/withdrawal")
@administrators_only
def withdraw_invitation(user_id: int) -> ResponseReturnValue:
    """Withdraw an invitation; its link stops working."""
    if not finished(invitations.withdraw(unit_of_work(), viewer().account_id, user_id, **actor_kwargs())):
        abort(HTTPStatus.NOT_FOUND)
    flash("The invitation was withdrawn. Its link no longer works.")
    return redirect(url_for("web.users.show", user_id=user_id), HTTPStatus.SEE_OTHER)


@pages.post("/settings/users/<int:user_id>/deactivation")
@administrators_only
def deactivate(user_id: int) -> ResponseReturnValue:
    """Deactivate a user and release their open conversations."""
    return _changed(user_id, AgentEdit(active=False), "{} was deactivated; their open conversations wait again.")


@pages.post("/settings/users/<int:user_id>/reactivation")
@administrators_only
def reactivate(user_id: int) -> ResponseReturnValue:
    """Reactivate a user."""
    return _changed(user_id, AgentEdit(active=True), "{} is active again.")


def _refused(refusal: Invalid) -> str:
    """Return the form with its errors, and a link to a deactivated user with the typed address."""
    email = request.form.get("email", "").strip().lower()
    known = agents.of_address(unit_of_work(), viewer().account_id, email) if "email" in refusal.errors else None
    gone = known if known and not known.active else None
    return render_template("users/new.html", roles=tuple(Role), errors=refusal.errors, typed=request.form, gone=gone)


def _changed(
    user_id: int, edit: AgentEdit | Invalid, said: str, *, by: Mapping[str, Any] | None = None
) -> ResponseReturnValue:
    """Change a user and show the result, or show the form again with its errors."""
    done: AgentView | Invalid | Conflict | None = (
        edit
        if isinstance(edit, Invalid)
        else finished(agents.change(unit_of_work(), viewer().account_id, user_id, edit, **(by or actor_kwargs())))
    )
    if done is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(done, Conflict):
        done = invalid("last", done.sentence)
    if isinstance(done, Invalid):
        answer = refused(done, About("agent", user_id))
        typed = done.wanted if isinstance(done, Stale) else request.form
        return _shown(user_id, errors=answer.errors, typed=typed), answer.status
    flash(saying(said, done.name))
    # Administrators who give up their own role may not open this page afterwards.
    lost = user_id == viewer().user_id and done.role is not Role.ADMINISTRATOR
    elsewhere = url_for("web.board.show") if lost else url_for("web.users.show", user_id=user_id)
    return redirect(elsewhere, HTTPStatus.SEE_OTHER)


def _shown(user_id: int, **more: Any) -> str:
    session, account_id = unit_of_work().session, viewer().account_id
    user = _user(user_id)
    alone = not agents_store.other_administrator(session, account_id, but=user_id)
    page = UserPage(
        user=user,
        held=store.held(session, account_id, user_id),
        is_last=alone and user.active and user.role is Role.ADMINISTRATOR,
        **more,
    )
    return render_template("users/show.html", page=page, roles=tuple(Role))


def _user(user_id: int) -> UserLine:
    return store.one(unit_of_work().session, viewer().account_id, user_id, now=clock.now()) or abort(
        HTTPStatus.NOT_FOUND
    )
