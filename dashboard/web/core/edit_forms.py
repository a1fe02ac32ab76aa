"""Forms that change an existing thing carry the values that they were drawn from, so that saving takes nothing back.

A form names its fields to `drawn_from`. Its view changes the thing with `editing()` and answers a refusal by `refused`.
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
from dashboard.services.core.refusals import Invalid, Stale
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
# The author of an older change is not told.
MOST_ENTRIES = 200
RECENTLY = timedelta(hours=12)
T = TypeVar("T")
PLAIN = (str, int, bool, type(None))


Errors = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The messages of a form by field, and the status of its answer."""

    errors: Errors
    status: HTTPStatus


@dataclass(frozen=True, slots=True)
class About:
    """The thing that a form changes, as the audit log names it; nothing for things that it does not know."""

    subject: str = ""
    subject_id: int = 0


def init_app(app: Flask) -> None:
    """Give the templates the hidden field, and the word for a form that came too late."""
    app.jinja_env.globals.update(drawn_from=drawn_from, is_stale=lambda: bool(g.get("is_stale")))


def drawn_from(thing: object = None, *names: str, untouched: Mapping[str, Any] | None = None, **facts: Any) -> Markup:
    """Return the hidden field with these attributes of a thing and these values, by the names of the service's edit.

    `untouched` has the values that the form sends for fields that nobody touches, where they differ. A form that is
    shown again as it was typed keeps the values that it was drawn from.
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
    """Return who changes what was drawn, and when, as services ask for it."""
    seen: Baseline = _sent() or NO_BASELINE
    return {**actor_kwargs(), "seen": seen}


def refused(refusal: Invalid, about: About = About()) -> Refused:
    """Return the answer to a form: it is corrected, or somebody else changed what it changes, who and when."""
    if not isinstance(refusal, Stale):
        return Refused(errors=refusal.errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    g.is_stale = True
    said = {name: (_told(name, now, about),) for name, now in refusal.now.items()}
    return Refused(errors=said, status=HTTPStatus.CONFLICT)


def there(row: T | Stale | None) -> T:
    """Return the row of an answer; without one, the request ends with 404."""
    if row is None or isinstance(row, Stale):
        abort(HTTPStatus.NOT_FOUND)
    return row


def _sent() -> DrawnFields | None:
    """Return the values that the form which was sent was drawn from; None without any that can be read."""
    try:
        said = json.loads(request.form.get(FIELD, ""))
        drawn = DrawnFields(facts=said["facts"], untouched=said["untouched"])
        readable = all(map(_is_plain, (*drawn.facts.values(), *drawn.untouched.values())))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return drawn if readable else None


def _is_plain(value: object) -> bool:
    return isinstance(value, PLAIN) or (isinstance(value, list) and all(isinstance(one, PLAIN) for one in value))


def _told(name: str, now: Any, about: About) -> Markup:
    """Return who changed a field to what and when."""
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
    """Yield the changes of a field's thing, the newest first; a limit by inbox is a thing of its own."""
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
