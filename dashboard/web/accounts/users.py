"""Who may log in, as what, and who may no longer."""

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
from dashboard.store.accounts import users_page as store
from dashboard.store.accounts.users_page import HeldCount, UserLine
from dashboard.store.agents import agents as agents_store
from dashboard.store.core.paging import Page
from dashboard.web.core import form_input, htmx
from dashboard.web.core.auth import actor_kwargs, administrators_only, viewer
from dashboard.web.core.bidi import saying
from dashboard.web.core.blueprints import pages_of
from dashboard.web.core.edit_forms import About, Errors, editing, refused

PER_PAGE = 50
pages = pages_of("users")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """A user with what is wrong in a form of theirs, and what deactivating them would mean.

    `link` is the link of a new invitation, which no later page can show.
    """

    user: UserLine
    held: Sequence[HeldCount]
    is_last: bool
    link: str = ""
    errors: Errors = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_self(self) -> bool:
        """Tell whether this is who looks at the page."""
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
    """Show the form for somebody new."""
    return render_template("users/new.html", roles=tuple(Role), errors={}, typed={}, gone=None)


@pages.post("/settings/users")
@administrators_only
def create() -> ResponseReturnValue:
    """Make a user."""
    said: dict[str, Any] = {name: request.form.get(name, "") for name in ("name", "email", "role")}
    if request.form.get("password"):
        said["password"] = request.form["password"]
    made = form_input.load(AgentForm(), said)
    if not isinstance(made, Invalid):
        made = finished(agents.create(unit_of_work(), viewer().account_id, made, **actor_kwargs()))
    if isinstance(made, Invalid):
        return _refused(made), HTTPStatus.UNPROCESSABLE_ENTITY
    if request.form.get("invite"):
        return invite(made.id)
    flash(saying("{} is made.", made.name))
    return redirect(url_for("web.users.show", user_id=made.id), HTTPStatus.SEE_OTHER)


@pages.get("/settings/users/<int:user_id>")
@administrators_only
def show(user_id: int) -> ResponseReturnValue:
    """Show a user."""
    return _shown(user_id)


@pages.post("/settings/users/<int:user_id>")
@administrators_only
def update(user_id: int) -> ResponseReturnValue:
    """Change what a user is called, where they log in, and what they may do."""
    before = _user(user_id)
    said = {name: request.form.get(name, "") for name in ("name", "email", "role")}
    if said["email"].strip().lower() == before.email:
        del said["email"]
    return _changed(user_id, form_input.load(AgentForm(partial=True), said), "{} is saved.", by=editing())


@pages.post("/settings/users/<int:user_id>/password")
@administrators_only
def set_password(user_id: int) -> ResponseReturnValue:
    """Give a user a password to log in with for the first time."""
    _user(user_id)
    edit = form_input.load(AgentForm(partial=True), {"password": request.form.get("password", "")})
    return _changed(user_id, edit, "{} can log in with this password.")


@pages.post("/settings/users/<int:user_id>/invitation")
@administrators_only
def invite(user_id: int) -> ResponseReturnValue:
    """Invite a user. The answer is the page itself: the link is kept nowhere, so no later page could show it."""
    token = finished(invitations.invite(unit_of_work(), viewer().account_id, user_id, **actor_kwargs()))
    if token is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(token, Conflict):
        return _shown(user_id, errors={"last": (token.sentence,)}), HTTPStatus.CONFLICT
    return _shown(user_id, link=invitation_link(token)), HTTPStatus.CREATED


@pages.post("/settings/users/<int:user_id>/invitation/withdrawal")
@administrators_only
def withdraw_invitation(user_id: int) -> ResponseReturnValue:
    """Take an invitation back: its link works no more."""
    if not finished(invitations.withdraw(unit_of_work(), viewer().account_id, user_id, **actor_kwargs())):
        abort(HTTPStatus.NOT_FOUND)
    flash("The invitation is withdrawn. Its link works no more.")
    return redirect(url_for("web.users.show", user_id=user_id), HTTPStatus.SEE_OTHER)


@pages.post("/settings/users/<int:user_id>/deactivation")
@administrators_only
def deactivate(user_id: int) -> ResponseReturnValue:
    """Let a user in no more, and what they hold wait again (E31)."""
    return _changed(user_id, AgentEdit(active=False), "{} is deactivated; what they held waits again.")


@pages.post("/settings/users/<int:user_id>/reactivation")
@administrators_only
def reactivate(user_id: int) -> ResponseReturnValue:
    """Let a user in again."""
    return _changed(user_id, AgentEdit(active=True), "{} is active again.")


def _refused(refusal: Invalid) -> str:
    """Return the form with what is wrong, and the way to a deactivated user whose address was typed."""
    email = request.form.get("email", "").strip().lower()
    known = agents.of_address(unit_of_work(), viewer().account_id, email) if "email" in refusal.errors else None
    gone = known if known and not known.active else None
    return render_template("users/new.html", roles=tuple(Role), errors=refusal.errors, typed=request.form, gone=gone)


def _changed(
    user_id: int, edit: AgentEdit | Invalid, said: str, *, by: Mapping[str, Any] | None = None
) -> ResponseReturnValue:
    """Change a user and say so, or show the form again with what is wrong."""
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
    # Who takes the role from themselves sees this page no more.
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
