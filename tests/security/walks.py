"""Walks over every page, form and call that the application answers, so that new ones are covered by themselves."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from dashboard.store.models import Base
from dashboard.store.postgres.database import Session
from tests.security.worlds import World

API = "/api/v1/accounts/<id:account_id>"
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LINK = re.compile(r'href="([^"]+)"')
PARAMETER = re.compile(r"([a-z_]+)/<(?:[a-z]+:)?([a-z_]+)>")
# Which kind of thing an address names by the word before its id; an address of a new kind needs a line here.
KINDS = {
    "accounts": "account",
    "agents": "agent",
    "users": "agent",
    "members": "agent",
    "inboxes": "inbox",
    "teams": "team",
    "labels": "label",
    "tokens": "token",
    "policies": "policy",
    "assignment_policies": "policy",
    "capacity": "capacity",
    "agent_capacity_policies": "capacity",
    "inbox_limits": "limit",
    "conversations": "conversation",
    "runs": "run",
    "assignment_runs": "run",
    "assignments": "assignment",
    "webhooks": "webhook",
    "deliveries": "delivery",
    "audit": "entry",
    "reports": "sheet",
    "invitations": "invitation",
    "connections": "connection",
    "rules": "rule",
    "alert_rules": "rule",
    "channels": "channel",
    "alert_channels": "channel",
}
# What every account has alike, and what opens to whoever holds its link.
ANYBODYS = frozenset({"account", "sheet", "invitation"})
# Forms after which something that other forms need is gone, or whoever sends them is out.
LAST = ("activity", "deactivation", "deletion", "logout", "password", "reversal", "revocation", "withdrawal")


def rules(app: Flask) -> Iterator[Rule]:
    """Yield every address but that of static files, and that of helpdesks' webhooks, which names no account.

    tests/api/helpdesks/test_hooks.py asks that one.
    """
    yield from (rule for rule in app.url_map.iter_rules() if rule.endpoint not in {"static", "hooks.hear"})


def page_rules(app: Flask, method: str = "GET") -> list[Rule]:
    """Return the pages' addresses that take a method."""
    return [rule for rule in rules(app) if rule.endpoint.startswith("web.") and method in (rule.methods or ())]


def parameters(rule: Rule) -> list[tuple[str, str]]:
    """Return the name and the kind of each id in an address; fails for a kind that is not known here."""
    found = [(name, KINDS[word]) for word, name in PARAMETER.findall(rule.rule)]
    assert len(found) == rule.rule.count("<"), rule
    return found


def address(rule: Rule, ids: Mapping[str, object]) -> str:
    """Return an address with these ids, by the name of the parameter."""
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda found: str(ids[found[1]]), rule.rule)


def documented(rule: Rule) -> str:
    """Return an address as the API's document writes it."""
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule)


def everything(session: Session, account_id: int | None = None) -> dict[str, list[str]]:
    """Return every row of every table, of one account or of all, but for what merely looking may note."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if account_id is None or "account_id" in table.c:
            where = "" if account_id is None else f" WHERE account_id = {account_id}"
            sql = f"SELECT to_jsonb(t) - 'last_used_at' - 'stranded_checked_at' FROM {table.name} t{where} ORDER BY 1"
            found[table.name] = [str(row) for row in session.execute(text(sql)).scalars()]
    session.rollback()
    return found


@dataclass(slots=True)
class Shown:
    """A form as a page shows it: where it goes, and every value that its fields and buttons may send."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)


class Forms(HTMLParser):
    """Reads the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Shown] = []
        self.buttons: list[Shown] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Shown(action=said.get("action", ""), method=said.get("method", "get").lower()))
        elif tag == "button" and "formaction" in said:
            self.buttons.append(Shown(action=said["formaction"], method="post"))
        elif tag == "select":
            self._select = said.get("name", "")
        elif self.found and tag in ("input", "button", "textarea", "option"):
            name = self._select if tag == "option" else said.get("name", "")
            if name and name != "csrf_token":
                self.found[-1].values.setdefault(name, []).append(said.get("value", ""))


def forms_on(page: str) -> list[Shown]:
    """Return the forms of a page, and the buttons that send one elsewhere."""
    parser = Forms()
    parser.feed(page)
    return [*parser.found, *parser.buttons]


def addresses_of(app: Flask, world: World) -> list[str]:
    """Return the address of every page that the world's administrator can look at."""
    rules = [rule for rule in page_rules(app) if rule.endpoint != "web.sessions.new"]
    return [address(rule, {name: world.ids[kind] for name, kind in parameters(rule)}) for rule in rules]


def pages_of(app: Flask, world: World, **how: Any) -> Iterator[tuple[str, TestResponse]]:
    """Yield the address and the answer of each of them."""
    asked = {"follow_redirects": True, "query_string": how.pop("query", {}), **how}
    for path in addresses_of(app, world):
        answer = world.looker.get(path, **asked)
        assert answer.status_code == 200, (path, answer.status_code)
        yield path, answer


def calls(app: Flask, world: World, methods: frozenset[str]) -> Iterator[tuple[Rule, str, str]]:
    """Yield each call of the API below the world's account: its rule, a method, and the rest of its address."""
    for rule in rules(app):
        ids = {name: world.ids[kind] for name, kind in parameters(rule)}
        if rule.rule.startswith(API):
            for method in sorted((rule.methods or set()) & methods):
                yield rule, method, address(rule, ids).removeprefix(f"/api/v1/accounts/{world.account_id}")
