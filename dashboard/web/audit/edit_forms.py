"""Edit forms contain the values that they were rendered from, so that saving does not undo another person's change.

A template passes a form's fields to `drawn_from`. Its view saves with `editing()` and answers a refusal with `refused`.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, abort, g, request
from markupsafe import Markup

from dashboard import clock
from dashboard.http import unit_of_work
from dashboard.services.core.baselines import NO_BASELINE, Baseline, DrawnFields
from dashboard.services.core.refusals import Conflict, Invalid, Stale
from dashboard.services.policies.capacity_policy_form import LIMIT
from dashboard.store.accounts import audit_page as store
from dashboard.store.accounts.audit_log import AuditView
from dashboard.store.accounts.audit_page import AuditFilter, Things
from dashboard.web.audit import field_text
from dashboard.web.core import formatting
from dashboard.web.core.auth import actor_kwargs, viewer
from dashboard.web.core.bidi import saying

FIELD = "drawn"
LIMITS = "inbox_capacity_limit"
# The search for a change's author ends after this many entries.
MOST_ENTRIES = 200
RECENTLY = timedelta(hours=12)
T = TypeVar("T")
# Fields with a value of several parts, which is compared as a whole.
OF_PARTS = frozenset({"business_hours", "response_targets"})
PLAIN = (str, int, bool, type(None))


Errors = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The messages of a form by field, and the status of its answer."""

    errors: Errors
    status: HTTPStatus


@dataclass(frozen=True, slots=True)
class About:
    """The changed object as the audit log names it; empty for objects that the log does not contain."""

    subject: str = ""
    subject_id: int = 0


def init_app(app: Flask) -> None:
    """Add the hidden field and the test for an outdated form to the templates."""
    app.jinja_env.globals.update(drawn_from=drawn_from, is_stale=lambda: bool(g.get("is_stale")))


def drawn_from(thing: object = None, *names: str, untouched: Mapping[str, Any] | None = None, **facts: Any) -> Markup:
    """Return the hidden field with these attributes of an object and these values, by the service's field names.

    `untouched` contains the values that the form sends for unchanged fields, where they differ. A form that is shown
    again after a refusal keeps its first values.
    """
    facts = {**{name: getattr(thing, name) for name in names}, **facts}
    differs = {name: value for name, value in (untouched or {}).items() if value != facts[name]}
    drawn = DrawnFields(facts=facts, untouched=differs)
    sent = _sent()
    stands_as_sent = (
        sent and sent.facts.keys() == drawn.facts.keys() and not g.get("is_saved") and not g.get("is_stale")
    )
    if sent and stands_as_sent:
        drawn = sent
    written = json.dumps({"facts": drawn.facts, "untouched": drawn.untouched})
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, written)


def editing() -> dict[str, Any]:
    """Return the actor, the time and the form's first values, as services expect them."""
    seen: Baseline = _sent() or NO_BASELINE
    return {**actor_kwargs(), "seen": seen}


def refused(refusal: Invalid | Conflict, about: About = About()) -> Refused:
    """Return the answer to a refused form: its errors, or for a conflict the author and time of the other change.

    What a helpdesk decides is told in its sentence.
    """
    if isinstance(refusal, Conflict):
        return Refused(errors={"helpdesk": (refusal.sentence,)}, status=HTTPStatus.CONFLICT)
    if not isinstance(refusal, Stale):
        return Refused(errors=refusal.errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    g.is_stale = True
    said = {name: (_told(name, now, about),) for name, now in refusal.now.items()}
    return Refused(errors=said, status=HTTPStatus.CONFLICT)


def there(row: T | Conflict | Stale | None) -> T:
    """Return the row of an answer; without one, the request ends with 404, and with 409 if it stands for others."""
    if isinstance(row, Conflict):
        abort(HTTPStatus.CONFLICT, row.sentence)
    if row is None or isinstance(row, Stale):
        abort(HTTPStatus.NOT_FOUND)
    return row


def _sent() -> DrawnFields | None:
    """Return the values that the submitted form was rendered from; None if they are missing or unreadable."""
    try:
        said = json.loads(request.form.get(FIELD, ""))
        drawn = DrawnFields(facts=said["facts"], untouched=said["untouched"])
        readable = all(map(_is_readable, (*drawn.facts.items(), *drawn.untouched.items())))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return drawn if readable else None


def _is_readable(field: tuple[str, object]) -> bool:
    """Return whether a field has a value of its kind."""
    name, value = field
    return _is_plain(value) or (name in OF_PARTS and isinstance(value, dict))


def _is_plain(value: object) -> bool:
    return isinstance(value, PLAIN) or (isinstance(value, list) and all(isinstance(one, PLAIN) for one in value))


def _told(name: str, now: Any, about: About) -> Markup:
    """Return a sentence with the author, the time and the new value of a field."""
    field = "conversation_limit" if name.startswith(LIMIT) else name
    ids = {field_text.NAMED[field]: {now}} if field in field_text.NAMED and now is not None else {}
    value = field_text.value(field, now, store.names(unit_of_work().session, viewer().account_id, Things(**ids)))
    entry = next((one for one in _entries(name, about) if _said(one.before, field) != _said(one.after, field)), None)
    if entry is None:
        return saying("Somebody set this meanwhile: {}.", value)
    who = entry.actor and entry.actor.name
    at = formatting.clock(entry.at, "minutes" if clock.now() - entry.at < RECENTLY else "full")
    return saying("{} set this at {}: {}.", who or "Somebody", at, value)


def _entries(name: str, about: About) -> Iterator[AuditView]:
    """Yield the audit entries of a field's object, newest first; a limit by inbox is an object of its own."""
    is_limit = name.startswith(LIMIT)
    asked = AuditFilter(subject=LIMITS) if is_limit else AuditFilter(subject=about.subject, subject_id=about.subject_id)
    whose = (
        {"inbox_id": int(name.removeprefix(LIMIT)), "agent_capacity_policy_id": about.subject_id} if is_limit else {}
    )
    found = store.entries(unit_of_work().session, viewer().account_id, asked, before=None, most=MOST_ENTRIES)
    for entry in found.lines if about.subject else ():
        if whose.items() <= {**(entry.before or {}), **(entry.after or {})}.items():
            yield entry


def _said(facts: Mapping[str, Any] | None, field: str) -> Any:
    return (facts or {}).get(field)
