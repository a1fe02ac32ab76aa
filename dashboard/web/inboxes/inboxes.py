"""Inboxes: their members, their policy, and the switches of their assignment."""

from http import HTTPStatus
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.http import finished, unit_of_work
from dashboard.services.accounts import accounts
from dashboard.services.accounts.account_forms import AccountEdit
from dashboard.services.agents import agent_lookup
from dashboard.services.conversations import release_unattended
from dashboard.services.conversations.release_unattended import Holders
from dashboard.services.core.refusals import Conflict, Invalid, Stale, invalid
from dashboard.services.inboxes import inbox_details, inboxes, members
from dashboard.services.inboxes.inbox_details import InboxDetails
from dashboard.services.inboxes.inbox_forms import InboxEdit, InboxForm, MemberIds
from dashboard.services.inboxes.members import MemberChange, Owner, OwnerKind
from dashboard.services.policies import assignment_policies
from dashboard.services.policies import own_values as own_changes
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit, PolicyChoiceForm
from dashboard.store.core.paging import Page
from dashboard.store.helpdesks import masters
from dashboard.store.postgres.bulk import json_row
from dashboard.web.audit.edit_forms import About, editing, refused, there
from dashboard.web.core import form_input, htmx, resubmission
from dashboard.web.core.auth import actor_kwargs, supervisors_only, viewer
from dashboard.web.core.bidi import saying
from dashboard.web.core.blueprints import pages_of
from dashboard.web.inboxes import hours, own_values
from dashboard.web.inboxes.member_switch import switched

PER_PAGE = 100
PART = "inboxes/_inbox.html"
WAYS = {"add": MemberChange.ADD, "remove": MemberChange.REMOVE}
ANSWERS = {MemberChange.ADD: "{} was added to this inbox.", MemberChange.REMOVE: "{} was removed from this inbox."}
pages = pages_of("inboxes")


@pages.get("/inboxes")
@supervisors_only
def index() -> ResponseReturnValue:
    """List the inboxes."""
    page = Page(page=form_input.page_in(request.args), per_page=PER_PAGE)
    found = inbox_details.show_all(unit_of_work(), viewer().account_id, page, now=clock.now())
    return render_template("inboxes/index.html", found=found)


@pages.get("/inboxes/new")
@supervisors_only
def new() -> ResponseReturnValue:
    """Show an empty form."""
    return render_template("inboxes/new.html", errors={}, typed={})


@pages.post("/inboxes")
@supervisors_only
def create() -> ResponseReturnValue:
    """Create an inbox."""
    edit = made = form_input.load(InboxForm(), _typed())
    if not isinstance(edit, Invalid):
        made = finished(inboxes.create(unit_of_work(), viewer().account_id, edit, **actor_kwargs()))
    if isinstance(made, Invalid):
        if (first := resubmission.first_made(inboxes.INBOX, made, edit)) is not None:
            return _to(first)
        shown = render_template("inboxes/new.html", errors=made.errors, typed=request.form)
        return shown, HTTPStatus.UNPROCESSABLE_ENTITY
    flash(saying("{} was created. It has no members and no policy yet.", made.name))
    return _to(made.id)


@pages.post("/inboxes/<int:inbox_id>")
@supervisors_only
def rename(inbox_id: int) -> ResponseReturnValue:
    """Change the inbox's name, channel and weight."""
    _found(inbox_id)
    changed = form_input.load(InboxForm(partial=True), _typed())
    if not isinstance(changed, Invalid):
        changed = finished(inboxes.change(unit_of_work(), viewer().account_id, inbox_id, changed, **editing()))
    return _answer(inbox_id, changed, "The inbox was saved.")


@pages.post("/inboxes/<int:inbox_id>/deletion")
@supervisors_only
def destroy(inbox_id: int) -> ResponseReturnValue:
    """Delete an inbox that never had a conversation."""
    removed = finished(inboxes.remove(unit_of_work(), viewer().account_id, inbox_id, **actor_kwargs()))
    if isinstance(removed, Conflict):
        return _answer(inbox_id, invalid("deletion", removed.sentence), "")
    removed = there(removed)
    flash(saying("{} was deleted.", removed.name))
    return redirect(url_for("web.inboxes.index"), HTTPStatus.SEE_OTHER)


@pages.get("/inboxes/<int:inbox_id>")
@supervisors_only
def show(inbox_id: int) -> ResponseReturnValue:
    """Show an inbox."""
    return render_template("inboxes/show.html", **_context(inbox_id))


@pages.post("/inboxes/<int:inbox_id>/members")
@supervisors_only
def change_members(inbox_id: int) -> ResponseReturnValue:
    """Add an agent to the inbox, or remove an agent from it."""
    way = WAYS.get(request.form.get("way", ""))
    if way is None:
        abort(HTTPStatus.BAD_REQUEST)
    agent_id = _agent_id(way)
    if isinstance(agent_id, Invalid):
        return _answer(inbox_id, agent_id, "")
    place, wanted = Owner(OwnerKind.INBOX, inbox_id), MemberIds(user_ids=(agent_id,))
    done = finished(members.change(unit_of_work(), viewer().account_id, place, wanted, way=way, **actor_kwargs()))
    name = agent_lookup.name_of(unit_of_work(), viewer().account_id, agent_id)
    return _answer(inbox_id, done, saying(ANSWERS[way], name))


@pages.post("/inboxes/<int:inbox_id>/members/<int:agent_id>")
@supervisors_only
def switch_member(inbox_id: int, agent_id: int) -> ResponseReturnValue:
    """Let runs assign conversations to a member, or pass over the member."""
    done, said = switched(Owner(OwnerKind.INBOX, inbox_id), agent_id)
    return _answer(inbox_id, done, said)


@pages.post("/inboxes/<int:inbox_id>/releases")
@supervisors_only
def release(inbox_id: int) -> ResponseReturnValue:
    """Release the conversations of absent members, or those of agents without membership in the inbox."""
    _found(inbox_id)
    try:
        of = Holders(request.form.get("of", ""))
    except ValueError:
        abort(HTTPStatus.BAD_REQUEST)
    done = finished(release_unattended.release(unit_of_work(), viewer().account_id, inbox_id, of, **actor_kwargs()))
    if isinstance(done, Conflict):
        return _answer(inbox_id, done, "")
    count = "1 conversation is" if done.released == 1 else f"{done.released:,} conversations are"
    more = " There are more: press again." if done.left else ""
    return _answer(inbox_id, done, f"{count} released.{more}")


@pages.post("/inboxes/<int:inbox_id>/policy")
@supervisors_only
def change_policy(inbox_id: int) -> ResponseReturnValue:
    """Link an assignment policy, or unlink the present one."""
    _found(inbox_id)
    if request.form.get("way") == "unlink":
        done = finished(assignment_policies.unlink(unit_of_work(), viewer().account_id, inbox_id, **editing())) or True
        return _answer(inbox_id, done, "The policy was unlinked: no conversations of this inbox are assigned any more.")
    if not request.form.get("assignment_policy_id"):
        return _answer(inbox_id, invalid("assignment_policy_id", "Choose a policy."), "")
    wanted = form_input.load(PolicyChoiceForm(), {"assignment_policy_id": form_input.whole("assignment_policy_id")})
    if not isinstance(wanted, Invalid):
        wanted = finished(assignment_policies.link(unit_of_work(), viewer().account_id, inbox_id, wanted, **editing()))
    return _answer(inbox_id, wanted, "The policy was linked.")


@pages.post("/inboxes/<int:inbox_id>/own-values")
@supervisors_only
def change_own_values(inbox_id: int) -> ResponseReturnValue:
    """Change the inbox's own values for fields of its policy (E69)."""
    _found(inbox_id)
    done: Any = own_values.typed()
    if not isinstance(done, Invalid):
        done = finished(own_changes.change(unit_of_work(), viewer().account_id, inbox_id, done, **editing()))
    return _answer(inbox_id, done, "The inbox's own values were saved.")


@pages.post("/inboxes/<int:inbox_id>/hours")
@supervisors_only
def change_hours(inbox_id: int) -> ResponseReturnValue:
    """Change the inbox's hours, or let it be open always."""
    _found(inbox_id)
    wanted = hours.typed()
    changed = form_input.load(InboxForm(partial=True), {"business_hours": wanted})
    if not isinstance(changed, Invalid):
        changed = finished(inboxes.change(unit_of_work(), viewer().account_id, inbox_id, changed, **editing()))
    return _answer(inbox_id, changed, "The hours were saved." if wanted else "The inbox is open always.")


@pages.post("/inboxes/<int:inbox_id>/switches")
@supervisors_only
def switch(inbox_id: int) -> ResponseReturnValue:
    """Switch the account's, the policy's or the inbox's assignment on or off."""
    shown, on, account_id = _found(inbox_id), request.form.get("on") == "on", viewer().account_id
    match request.form.get("switch"):
        case "account":
            done: Any = finished(
                accounts.change(unit_of_work(), account_id, AccountEdit(assignment_v2=on), **actor_kwargs())
            )
        case "policy" if shown.policy:
            done = finished(
                assignment_policies.change(
                    unit_of_work(), account_id, shown.policy.id, AssignmentPolicyEdit(enabled=on), **actor_kwargs()
                )
            )
        case "inbox":
            done = finished(
                inboxes.change(
                    unit_of_work(), account_id, inbox_id, InboxEdit(enable_auto_assignment=on), **actor_kwargs()
                )
            )
        case _:
            abort(HTTPStatus.BAD_REQUEST)
    return _answer(inbox_id, done, "Switched on." if on else "Switched off.")


def _agent_id(way: MemberChange) -> int | Invalid:
    """Return the agent's id: from a typed name to add, from a button to remove."""
    if way is MemberChange.ADD:
        return agent_lookup.agent(
            unit_of_work(), viewer().account_id, request.form.get("user_id", ""), field="user_ids"
        )
    agent_id = form_input.whole("user_id")
    return agent_id if isinstance(agent_id, int) else abort(HTTPStatus.BAD_REQUEST)


def _answer(inbox_id: int, done: object, said: str) -> ResponseReturnValue:
    """Show the result of a change, or the form with its errors."""
    if done is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(done, Invalid | Conflict):
        answer = refused(done, _about(inbox_id))
        context = _context(inbox_id, errors=answer.errors)
        if isinstance(done, Stale):
            context["typed"] = {**json_row(context["found"].inbox), **done.wanted}
        page = render_template(PART if htmx.is_htmx() else "inboxes/show.html", **context)
        return make_response(page, answer.status)
    return htmx.saved(PART, said=said, elsewhere=url_for("web.inboxes.show", inbox_id=inbox_id), **_context(inbox_id))


def _about(inbox_id: int) -> About:
    """Return the form's object for the audit log: the inbox, or its link to a policy."""
    is_link = request.endpoint in ("web.inboxes.change_policy", "web.inboxes.change_own_values")
    return About("inbox_assignment_policy" if is_link else "inbox", inbox_id)


def _found(inbox_id: int) -> InboxDetails:
    found = inbox_details.show(
        unit_of_work(), viewer().account_id, inbox_id, page=form_input.page_in(request.args), now=clock.now()
    )
    return found or abort(HTTPStatus.NOT_FOUND)


def _context(inbox_id: int, **more: Any) -> dict[str, Any]:
    found = _found(inbox_id)
    return {
        "found": found,
        "helpdesk": masters.of_inbox(unit_of_work().session, viewer().account_id, inbox_id),
        "now": clock.now(),
        "errors": {},
        "is_own_wrong": bool(more.get("errors")) and request.endpoint == "web.inboxes.change_own_values",
        "typed": request.form,
        **more,
    }


def _to(inbox_id: int) -> ResponseReturnValue:
    return redirect(url_for("web.inboxes.show", inbox_id=inbox_id), HTTPStatus.SEE_OTHER)


def _typed() -> dict[str, Any]:
    weight = {"weight": form_input.number(request.form["weight"])} if "weight" in request.form else {}
    return {"name": request.form.get("name", ""), "channel": form_input.text("channel"), **weight}
