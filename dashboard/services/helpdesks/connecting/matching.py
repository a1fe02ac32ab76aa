"""The matching of a helpdesk's people to agents here: an equal address only proposes, a person confirms (C2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from dashboard.engine.model import Role
from dashboard.services.accounts.account_forms import AgentEdit
from dashboard.services.agents import agents
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.form import UNSET, sent_fields
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.connecting.connection_forms import ExternalKey, MatchEdit, NewAgent
from dashboard.store.helpdesks import connections as store
from dashboard.store.helpdesks import directory, matches
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.directory import AgentLink, Directory

LONGEST_NAME = 255
NO_ADDRESS = "The helpdesk tells no address of this person: create the agent first, then choose it."
UNKNOWN = "There is no such active agent here."
SOMEBODY_ELSE = "This agent is {} there already."
BOTH = "Somebody who is ignored cannot be an agent."


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A person of the helpdesk, with the agent here or the agent proposed by address."""

    external_id: str
    name: str
    email: str | None
    proposed_agent_id: int | None
    agent_id: int | None
    ignored: bool


def show(work: UnitOfWork, account_id: int, connection_id: int) -> Sequence[PersonView] | None:
    """Return the people with the right to answer there or an agent here; None without the connection."""
    if store.shelf.find(work.session, account_id, connection_id) is None:
        return None
    return _views(work, account_id, directory.read(work.session, connection_id))


def change(
    work: UnitOfWork,
    account_id: int,
    key: ExternalKey,
    edit: MatchEdit,
    *,
    actor_id: int | None,
    now: datetime,
) -> PersonView | Invalid | None:
    """Match a person to an agent, create an agent for them, or ignore them."""
    connection = store.shelf.lock(work.session, account_id, key.connection_id)
    known = directory.read(work.session, key.connection_id)
    if connection is None or key.external_id not in known.agents:
        return None
    cause = ActorContext(actor_id=actor_id, now=now)
    values = _values(work, known, known.agents[key.external_id], edit, cause=cause)
    if isinstance(values, Invalid):
        return values
    _write(work, connection, {key.external_id: values}, known, cause=cause)
    after = directory.read(work.session, key.connection_id)
    return _view(after.agents[key.external_id], _proposals(work, account_id, after))


def confirm_all(
    work: UnitOfWork, account_id: int, connection_id: int, *, actor_id: int | None, now: datetime
) -> Sequence[PersonView] | None:
    """Confirm everything that is proposed."""
    connection = store.shelf.lock(work.session, account_id, connection_id)
    if connection is None:
        return None
    known = directory.read(work.session, connection_id)
    proposed = {
        one.external_id: {"agent_id": one.proposed_agent_id}
        for one in _views(work, account_id, known)
        if one.proposed_agent_id is not None
    }
    _write(work, connection, proposed, known, cause=ActorContext(actor_id=actor_id, now=now))
    return _views(work, account_id, directory.read(work.session, connection_id))


def _values(
    work: UnitOfWork, known: Directory, person: AgentLink, edit: MatchEdit, *, cause: ActorContext
) -> dict[str, Any] | Invalid:
    """Return the columns to write: nobody is an agent and ignored."""
    if edit.ignored is True and edit.agent_id not in (UNSET, None):
        return invalid("ignored", BOTH)
    if edit.ignored is True:
        return {"agent_id": None, "ignored": True}
    if edit.agent_id in (UNSET, None):
        return sent_fields(edit)
    agent_id = (
        _new(work, person, cause) if edit.agent_id is NewAgent.NEW else _known(work, known, person, edit.agent_id)
    )
    return agent_id if isinstance(agent_id, Invalid) else {"agent_id": agent_id, "ignored": False}


def _known(work: UnitOfWork, known: Directory, person: AgentLink, agent_id: Any) -> int | Invalid:
    if not matches.is_active(work.session, person.account_id, agent_id):
        return invalid("agent_id", UNKNOWN)
    others = (link for link in known.agents.values() if link.external_id != person.external_id)
    taken = next((link.name for link in others if link.agent_id == agent_id), None)
    return invalid("agent_id", SOMEBODY_ELSE.format(taken)) if taken is not None else int(agent_id)


def _new(work: UnitOfWork, person: AgentLink, cause: ActorContext) -> int | Invalid:
    """Make an agent with this name and address, without a log-in."""
    if not person.email:
        return invalid("agent_id", NO_ADDRESS)
    edit = AgentEdit(
        name=person.name.strip()[:LONGEST_NAME] or person.email, email=person.email.strip().lower(), role=Role.AGENT
    )
    made = agents.create(work, person.account_id, edit, actor_id=cause.actor_id, now=cause.now)
    if isinstance(made, Conflict):
        return invalid("agent_id", made.sentence)
    if isinstance(made, Invalid):
        return Invalid(errors={"agent_id": tuple(said for several in made.errors.values() for said in several)})
    return made.id


def _write(
    work: UnitOfWork,
    connection: ConnectionRow,
    changed: Mapping[str, Mapping[str, Any]],
    known: Directory,
    *,
    cause: ActorContext,
) -> None:
    """Write matches, audit them, and have members, presence and conversations read anew."""
    entries = []
    for external_id, values in sorted(changed.items()):
        before = {"name": known.agents[external_id].name} | {
            name: getattr(known.agents[external_id], name) for name in ("agent_id", "ignored")
        }
        after = {**before, **values}
        if after != before:
            directory.set_agent(work.session, connection.id, external_id, **values)
            where = {"connection": connection.name, "external_id": external_id}
            entries.append(
                AuditedChange(
                    subject="connected_agent",
                    subject_id=connection.id,
                    before=where | before,
                    after=where | after,
                )
            )
    if not entries:
        return
    audit_log.write(work, connection.account_id, entries, cause)
    store.note(work.session, connection.id, setup_read_at=None, presence_read_at=None, open_read_at=None)
    work.notes.touched(connection.account_id, is_all=True)
    work.notes.then(partial(work.signals.poll_helpdesk, connection.account_id, connection.id))


def _views(work: UnitOfWork, account_id: int, known: Directory) -> list[PersonView]:
    people = [link for link in known.agents.values() if link.active or link.agent_id is not None]
    proposed = _proposals(work, account_id, known)
    ordered = sorted(people, key=lambda link: (link.name.casefold(), link.external_id))
    return [_view(link, proposed) for link in ordered]


def _view(link: AgentLink, proposed: Mapping[str, int]) -> PersonView:
    same = {name: getattr(link, name) for name in ("external_id", "name", "email", "agent_id", "ignored")}
    return PersonView(**same, proposed_agent_id=proposed.get(link.external_id))


def _proposals(work: UnitOfWork, account_id: int, known: Directory) -> Mapping[str, int]:
    """Return the agent proposed by each person's address; no agent twice, and none with a match already."""
    people = sorted(known.agents.values(), key=lambda link: link.external_id)
    open_ones = [link for link in people if link.agent_id is None and link.active and not link.ignored and link.email]
    by_address = matches.of_addresses(work.session, account_id, [(link.email or "").lower() for link in open_ones])
    taken = {link.agent_id for link in people if link.agent_id is not None}
    found: dict[str, int] = {}
    for link in open_ones:
        agent_id = by_address.get((link.email or "").lower())
        if agent_id is not None and agent_id not in taken:
            found[link.external_id] = agent_id
            taken.add(agent_id)
    return found
