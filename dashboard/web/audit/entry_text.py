"""Audit entries as texts: a sentence that follows its author's name, and the changed fields."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import url_for
from markupsafe import Markup, escape

from dashboard.services.audit.undo import Reversal
from dashboard.store.accounts.audit_log import AuditView
from dashboard.store.accounts.audit_page import AuditNames, Things
from dashboard.web.audit import field_text
from dashboard.web.audit.field_text import FieldLine
from dashboard.web.core.bidi import bdi

# The choices of the filter by subject, and their texts.
SUBJECTS = {
    "account": "account",
    "agent": "user",
    "alert_channel": "alert channel",
    "alert_rule": "alert rule",
    "agent_capacity": "agent under a capacity policy",
    "assignment_policy": "assignment policy",
    "connected_agent": "person of a helpdesk",
    "connected_inbox": "inbox of a helpdesk",
    "connection": "connection",
    "contact": "contact",
    "agent_capacity_policy": "capacity policy",
    "inbox": "inbox",
    "inbox_capacity_limit": "limit of an inbox",
    "inbox_assignment_policy": "policy of an inbox",
    "inbox_members": "members of an inbox",
    "label": "label",
    "team": "team",
    "team_members": "members of a team",
    "token": "token",
    "webhook": "webhook",
}
# The attribute of AuditNames that contains the names of a subject's ids.
KINDS = {
    "agent": "agents",
    "agent_capacity": "agents",
    "inbox": "inboxes",
    "inbox_assignment_policy": "inboxes",
    "inbox_members": "inboxes",
    "team": "teams",
    "team_members": "teams",
    "assignment_policy": "policies",
    "agent_capacity_policy": "capacities",
}
NAMING = {"user_id": "agents", **field_text.NAMED}
PLACES = {
    "agents": ("agent", "web.agents.show", "agent_id"),
    "inboxes": ("inbox", "web.inboxes.show", "inbox_id"),
    "teams": ("team", "web.teams.show", "team_id"),
    "policies": ("assignment_policy", "web.policies.show", "policy_id"),
    "capacities": ("agent_capacity_policy", "web.capacity.show", "policy_id"),
}
DONE = {"created": "created", "updated": "changed", "deleted": "deleted"}
MOST_NAMED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An entry as text."""

    sentence: Markup
    lines: tuple[FieldLine, ...]


def things(entries: Iterable[AuditView], reversals: Iterable[Reversal]) -> Things:
    """Return the ids that these entries mention, so that their names can be read."""
    found: dict[str, set[Any]] = {name: set() for name in Things.__slots__}
    for entry in entries:
        if entry.subject in KINDS:
            found[KINDS[entry.subject]].add(entry.subject_id)
        for said in (entry.before or {}, entry.after or {}):
            for name in NAMING.keys() & said.keys():
                found[NAMING[name]].add(said[name])
        for came_or_left in _moved(entry):
            found["agents"].update(came_or_left[:MOST_NAMED])
    for reversal in reversals:
        for name in NAMING.keys() & reversal.back.keys():
            found[NAMING[name]].add(reversal.back[name])
    return Things(**{name: ids - {None} for name, ids in found.items()})


def told(entry: AuditView, names: AuditNames) -> Told:
    """Return the entry as text."""
    if entry.subject in SENTENCES:
        return Told(sentence=SENTENCES[entry.subject](entry, names), lines=())
    if "delivery_id" in (entry.after or {}):
        return Told(sentence=Markup("delivered an event to a webhook again"), lines=())
    return Told(sentence=_plain(entry, names), lines=tuple(field_text.lines(entry.before, entry.after, names)))


def set_back(reversal: Reversal, names: AuditNames) -> str:
    """Return the text of the button that undoes a change."""
    if "assignment_policy_id" in reversal.back:
        inbox = names.inboxes.get(reversal.entry.subject_id or 0, "the inbox")
        policy_id = reversal.back["assignment_policy_id"]
        return (
            f"Link {names.policies.get(policy_id, 'the policy')} to {inbox}" if policy_id else f"Unlink it from {inbox}"
        )
    if "merged_into_id" in reversal.back:
        said = {**(reversal.entry.before or {}), **(reversal.entry.after or {})}
        into = (reversal.entry.before or {}).get("merged_into")
        return f"Merge {said['identifier']} into {into} again" if into else f"Take {said['identifier']} out again"
    parts = (
        f"{field_text.label(name)} back to {field_text.value(name, said, names)}"
        for name, said in reversal.back.items()
    )
    return f"Set {', '.join(parts)}"


def _plain(entry: AuditView, names: AuditNames) -> Markup:
    return Markup("{} {} {}").format(
        DONE.get(entry.action, entry.action), SUBJECTS.get(entry.subject, entry.subject), _subject(entry, names)
    )


def _subject(entry: AuditView, names: AuditNames) -> Markup:
    """Return the entry's subject by its present name, or by its last one if it is deleted."""
    said = {**(entry.before or {}), **(entry.after or {})}
    own = next((said[name] for name in ("name", "title", "url") if said.get(name)), None)
    kind = KINDS.get(entry.subject)
    known = getattr(names, kind).get(entry.subject_id) if kind else None
    return _thing(kind, entry.subject_id, names, known or own or f"{entry.subject_id}")


def _thing(kind: str | None, thing_id: int | None, names: AuditNames, name: str) -> Markup:
    """Return a name, with a link while its object exists."""
    living, endpoint, argument = PLACES.get(kind or "", ("", "", ""))
    if (living, thing_id) not in names.living:
        return Markup("<b>{}</b>").format(bdi(name))
    return Markup('<a href="{}">{}</a>').format(
        url_for(endpoint, **cast(dict[str, Any], {argument: thing_id})), bdi(name)
    )


def _named(kind: str, thing_id: Any, names: AuditNames) -> Markup:
    known = getattr(names, kind).get(thing_id)
    return _thing(kind, thing_id, names, known or "one that is gone")


def _linked(entry: AuditView, names: AuditNames) -> Markup:
    before, after = ((said or {}).get("assignment_policy_id") for said in (entry.before, entry.after))
    inbox = _named("inboxes", entry.subject_id, names)
    if after is None:
        return Markup("unlinked {} from inbox {}").format(_named("policies", before, names), inbox)
    if after == before:
        own = field_text.value("overrides", (entry.after or {}).get("overrides"), names)
        return Markup("set the own values of inbox {} to {}").format(inbox, own)
    instead = Markup(" instead of {}").format(_named("policies", before, names)) if before else ""
    return Markup("linked {} to inbox {}{}").format(_named("policies", after, names), inbox, instead)


def _put_under(entry: AuditView, names: AuditNames) -> Markup:
    before, after = ((said or {}).get("agent_capacity_policy_id") for said in (entry.before, entry.after))
    agent = _named("agents", entry.subject_id, names)
    if after is None:
        return Markup("took {} out of capacity policy {}").format(agent, _named("capacities", before, names))
    instead = Markup(" instead of {}").format(_named("capacities", before, names)) if before else ""
    return Markup("put {} under capacity policy {}{}").format(agent, _named("capacities", after, names), instead)


def _limited(entry: AuditView, names: AuditNames) -> Markup:
    before, after = entry.before or {}, entry.after or {}
    said = after or before
    where = Markup("inbox {} in capacity policy {}").format(
        _named("inboxes", said.get("inbox_id"), names),
        _named("capacities", said.get("agent_capacity_policy_id"), names),
    )
    if not after:
        return Markup("lifted the limit of {} for {}").format(before.get("conversation_limit"), where)
    was = f" instead of {before.get('conversation_limit')}" if before else ""
    return Markup("set a limit of {}{} for {}").format(after.get("conversation_limit"), was, where)


def _changed_members(entry: AuditView, names: AuditNames) -> Markup:
    came, left = (_people(ids, names) for ids in _moved(entry))
    place = Markup("{} {}").format("inbox" if entry.subject == "inbox_members" else "team", _subject(entry, names))
    if came and left:
        return Markup("added {} to {} and removed {}").format(came, place, left)
    return Markup("added {} to {}").format(came, place) if came else Markup("removed {} from {}").format(left, place)


def _moved(entry: AuditView) -> tuple[list[int], list[int]]:
    """Return the members that were added and those that were removed."""
    if not entry.subject.endswith("_members"):
        return [], []
    before, after = (list((said or {}).get("user_ids", ())) for said in (entry.before, entry.after))
    return [one for one in after if one not in set(before)], [one for one in before if one not in set(after)]


def _people(ids: list[int], names: AuditNames) -> Markup:
    shown = Markup(", ").join(_named("agents", one, names) for one in ids[:MOST_NAMED])
    return shown + (escape(f" and {len(ids) - MOST_NAMED:,} more") if len(ids) > MOST_NAMED else "")


def _token(entry: AuditView, names: AuditNames) -> Markup:
    said = entry.after or entry.before or {}
    done = "created" if entry.after else "revoked"
    whose = _named("agents", said.get("user_id"), names)
    return Markup("{} token <b>{}</b> of {}").format(done, bdi(said.get("name")) or "unnamed", whose)


def _merged(entry: AuditView, _names: AuditNames) -> Markup:
    before, after = entry.before or {}, entry.after or {}
    count = len(after.get("conversation_ids", ()))
    followed = "1 conversation" if count == 1 else f"{count:,} conversations"
    if into := after.get("merged_into"):
        return Markup("merged contact <b>{}</b> into <b>{}</b>, {} followed").format(
            after["identifier"], into, followed
        )
    out_of = before.get("merged_into")
    return Markup("took contact <b>{}</b> out of <b>{}</b>, with {}").format(after["identifier"], out_of, followed)


SENTENCES: Mapping[str, Callable[[AuditView, AuditNames], Markup]] = {
    "inbox_assignment_policy": _linked,
    "agent_capacity": _put_under,
    "inbox_capacity_limit": _limited,
    "inbox_members": _changed_members,
    "team_members": _changed_members,
    "token": _token,
    "contact": _merged,
}
