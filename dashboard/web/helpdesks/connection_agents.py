"""The matching of a helpdesk's people: proposals confirmed at once or one by one, new agents, or never assigned."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.http import finished, unit_of_work
from dashboard.services.agents import agent_lookup
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.services.helpdesks.access import ADAPTERS
from dashboard.services.helpdesks.connecting import matching
from dashboard.services.helpdesks.connecting.connection_forms import ExternalKey, MatchEdit, NewAgent
from dashboard.services.helpdesks.connecting.matching import PersonView
from dashboard.store.helpdesks.pages import agent_names
from dashboard.store.inboxes import choices
from dashboard.web.audit.edit_forms import there
from dashboard.web.core import form_input, htmx
from dashboard.web.core.auth import actor_kwargs, administrators_only, viewer
from dashboard.web.core.blueprints import pages_of
from dashboard.web.helpdesks import steps
from dashboard.web.helpdesks.finding import counted, found

AT = "/settings/connections/<int:connection_id>/agents"
PER_PAGE = 50
UNKNOWN = "Choose what this person is here."
pages = pages_of("connections_agents")


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """A page of the people there, the undecided first; the counts are of all."""

    lines: Sequence[PersonView]
    names: dict[int, str]
    proposed: int
    creatable: int
    undecided: int
    count: int
    page: int
    last_page: int


@pages.post(f"{AT}/confirmation")
@administrators_only
def confirm(connection_id: int) -> ResponseReturnValue:
    """Confirm everything that an equal address proposes."""
    proposed = _people(connection_id).proposed
    there(finished(matching.confirm_all(unit_of_work(), viewer().account_id, connection_id, **actor_kwargs())))
    return _saved(connection_id, f"{proposed:,} {'proposal' if proposed == 1 else 'proposals'} confirmed.")


@pages.post(f"{AT}/creation")
@administrators_only
def create(connection_id: int) -> ResponseReturnValue:
    """Create an agent for everybody on this page without a proposal; they have no log-in yet."""
    people, made = _people(connection_id), 0
    for person in (one for one in people.lines if _is_creatable(one)):
        done = _change(connection_id, person.external_id, MatchEdit(agent_id=NewAgent.NEW))
        if isinstance(done, Invalid | Conflict):
            return _refused(connection_id, person.external_id, done)
        made += 1
    return _saved(connection_id, f"{made:,} {'agent' if made == 1 else 'agents'} created.")


@pages.post(AT)
@administrators_only
def match(connection_id: int) -> ResponseReturnValue:
    """Match one person to an agent here."""
    external_id = request.form.get("external_id", "")
    edit = _edit(connection_id, external_id)
    done = edit if isinstance(edit, Invalid) else there_or_refused(connection_id, external_id, edit)
    if isinstance(done, Invalid | Conflict):
        return _refused(connection_id, external_id, done)
    return _saved(connection_id, f"{done.name}: saved.")


def there_or_refused(connection_id: int, external_id: str, edit: MatchEdit) -> PersonView | Invalid | Conflict:
    """Return the changed person, or a refusal; an unknown person ends the request with 404."""
    done = _change(connection_id, external_id, edit)
    return done if isinstance(done, Invalid | Conflict) else there(done)


def shown(connection_id: int, **more: Any) -> str:
    """Render the step, or its table alone for htmx."""
    row, counts = found(connection_id), counted(connection_id)
    context = {
        "connection": row,
        "adapter": ADAPTERS[row.kind],
        "step": steps.BY_NOUN["agents"],
        "links": steps.links(row, counts, "agents"),
        "counts": counts,
        "people": _people(connection_id),
        "names": choices.called(unit_of_work().session, viewer().account_id),
        "errors": {},
        "wrong": "",
        "typed": "",
    }
    template = "connections/_people.html" if htmx.is_htmx() else "connections/step.html"
    return render_template(template, **{**context, **more})


def _saved(connection_id: int, said: str) -> ResponseReturnValue:
    if htmx.is_htmx():
        return shown(connection_id, said=said)
    flash(said)
    return redirect(steps.address(connection_id, "agents"), HTTPStatus.SEE_OTHER)


def _refused(connection_id: int, external_id: str, refusal: Invalid | Conflict) -> ResponseReturnValue:
    errors = {"agent_id": (refusal.sentence,)} if isinstance(refusal, Conflict) else refusal.errors
    typed = request.form.get("agent", "")
    status = HTTPStatus.CONFLICT if isinstance(refusal, Conflict) else HTTPStatus.UNPROCESSABLE_ENTITY
    return shown(connection_id, errors=errors, wrong=external_id, typed=typed), status


def _edit(connection_id: int, external_id: str) -> MatchEdit | Invalid:
    """Return the edit of the pressed button."""
    done = request.form.get("do", "")
    if done == "new":
        return MatchEdit(agent_id=NewAgent.NEW)
    if done in ("ignore", "undo"):
        return MatchEdit(agent_id=None, ignored=done == "ignore")
    if done == "confirm":
        return MatchEdit(agent_id=form_input.number_in(request.form, "agent_id"))
    if "agent" not in request.form:
        return invalid("agent_id", UNKNOWN)
    agent_id = agent_lookup.agent(unit_of_work(), viewer().account_id, request.form["agent"], field="agent_id")
    return agent_id if isinstance(agent_id, Invalid) else MatchEdit(agent_id=agent_id)


def _change(connection_id: int, external_id: str, edit: MatchEdit) -> PersonView | Invalid | Conflict | None:
    key = ExternalKey(connection_id=connection_id, external_id=external_id)
    return finished(matching.change(unit_of_work(), viewer().account_id, key, edit, **actor_kwargs()))


def _people(connection_id: int) -> People:
    account_id, session = viewer().account_id, unit_of_work().session
    everybody = sorted(there(matching.show(unit_of_work(), account_id, connection_id)), key=_rank)
    page = form_input.page_in(request.values)
    lines = everybody[(page - 1) * PER_PAGE : page * PER_PAGE]
    ids = {one for line in lines for one in (line.agent_id, line.proposed_agent_id) if one is not None}
    return People(
        lines=lines,
        names=dict(agent_names.of(session, account_id, ids)),
        proposed=sum(one.proposed_agent_id is not None for one in everybody),
        creatable=sum(map(_is_creatable, lines)),
        undecided=sum(_rank(one) < 2 for one in everybody),
        count=len(everybody),
        page=page,
        last_page=max(1, -(-len(everybody) // PER_PAGE)),
    )


def _rank(person: PersonView) -> int:
    """Return where somebody stands in the list: proposals, then the undecided, then the others; each by name."""
    if person.proposed_agent_id is not None:
        return 0
    if person.agent_id is None and not person.ignored:
        return 1
    return 3 if person.ignored else 2


def _is_creatable(person: PersonView) -> bool:
    return _rank(person) == 1 and bool(person.email)
