"""Every page in a real browser: it bars nobody, and nothing on it is cut or lies over something else."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import insert, text, update

from dashboard import clock
from dashboard.config import ROOT
from dashboard.engine.model import ConnectionMode, Role
from dashboard.services.policies import assignment_policies
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit
from dashboard.store.models import (
    Alert,
    AlertChannel,
    AlertNotice,
    AlertRule,
    ApiToken,
    ConnectedAgent,
    ConnectionConflict,
    ConnectionEvent,
    Contact,
    Conversation,
    HelpdeskWrite,
    Label,
    ShadowDecision,
    Webhook,
)
from dashboard.store.models.connections import ConnectionState
from tests.browser import tour
from tests.browser.conftest import Site
from tests.connected import connect
from tests.desks import Acme
from tests.pages import hire, waiting_for

pytestmark = [pytest.mark.browser, pytest.mark.gate]
AXE = ROOT / "static/node_modules/axe-core/axe.min.js"
LAYOUT = Path(__file__).with_name("layout.js").read_text()
BARRIERS = """
rules => axe.run({resultTypes: ["violations"], ...(rules && {runOnly: rules})}).then(found => found.violations
  .filter(one => ["serious", "critical"].includes(one.impact))
  .flatMap(one => one.nodes.map(node => `${one.help}: ${node.target} ${node.failureSummary}`)))
"""
WIDTHS = (390, 820, 1280, 1920)


@pytest.fixture
def floor(acme: Acme) -> Acme:
    """A desk at which every page has something to show."""
    acme.policy("Support", fair_distribution_limit=3)
    acme.policy("Sales", name="Everybody in turn, and nobody more than their share of it", fair_distribution_limit=1)
    acme.capacity("Ana", {"Support": 2, "Sales": 5}, conversation_limit=20, excluded_labels=["bulk-mail"])
    acme.team("Night shift", "Bo", "Cleo")
    acme.online("Ana", "Bo", at=clock.now())
    for inbox in ("Support", "Sales"):
        waiting_for(acme, 6, minutes=9, inbox=inbox, subject="Where is the parcel that was promised for Monday?")
        acme.run(inbox, at=clock.now())
    acme.held("Bo", 1, status="resolved", resolved_at=clock.now(), subject="Thank you")
    session, values = acme.work.session, {"account_id": acme.account_id}
    session.execute(insert(Label).values(title="urgent", **values))
    session.execute(
        insert(Webhook).values(
            url=f"https://receiver.example/{'x' * 80}", subscriptions=["assignee_changed"], secret="s", **values
        )
    )
    session.execute(insert(ApiToken).values(user_id=acme.agents["Ana"], name="Helpdesk", token_hash="h", **values))
    session.commit()
    edit = AssignmentPolicyEdit(description="Nobody more than one a day", one_agent_per_contact=True)
    acme.work.finished(
        assignment_policies.change(
            acme.work, acme.account_id, acme.policy_id, edit, actor_id=acme.agents["Ana"], now=clock.now()
        )
    )
    beside_a_helpdesk(acme)
    with_open_alerts(acme)
    waiting_for(acme, 1, minutes=90, labels=["bulk-mail", "a-label-that-is-rather-long"], subject="Unsubscribe")
    return acme


def beside_a_helpdesk(acme: Acme) -> None:
    """Let Support be in a helpdesk, where everything has gone wrong once."""
    desk = connect(acme, mode=ConnectionMode.SHADOW, read_at=clock.now(), state=ConnectionState.BROKEN)
    desk.change(sentence="The helpdesk refuses the token. Make a new one there.", state_since=clock.now())
    desk.change_inbox(own_assignment=True, waiting=3)
    [one] = desk.waiting(1, subject="Where is the parcel that was promised for Monday?")
    session, at = acme.work.session, clock.now()
    here = {"account_id": acme.account_id, "conversation_id": one}
    there, ana = {**here, "connection_id": desk.id, "at": at}, acme.agents["Ana"]
    support = {"inbox_id": acme.support, "agent_id": ana}
    failed = {"state": "failed", "reason": "The helpdesk did not answer.", "kind": "claim", "due_at": at}
    session.execute(insert(HelpdeskWrite).values(**there, **support, **failed))
    session.execute(insert(ConnectionConflict).values(**there, ours="Ana", theirs="Mira"))
    session.execute(insert(ConnectionEvent).values(**there, kind="state", cause="broken: The token is refused."))
    taken = {"taken_by": "Olga", "taken_at": at, "closed_at": at}
    session.execute(insert(ShadowDecision).values(**here, **support, at=at - timedelta(minutes=3), **taken))
    person = {"connection_id": desk.id, "account_id": acme.account_id, "external_id": "x"}
    session.execute(insert(ConnectedAgent).values(**person, name="Olga Ohm", email="olga@desk.example"))
    session.commit()


def with_open_alerts(acme: Acme) -> None:
    """Let two rules have open alerts, and a channel that refuses to be told."""
    session, at, here = acme.work.session, clock.now(), {"account_id": acme.account_id}
    channel = (
        insert(AlertChannel).values(**here, name="Operations", service="Slack", sealed="").returning(AlertChannel.id)
    )
    channel_id = session.scalars(channel).one()
    for kind, numbers in (("waiting", {"threshold": 2}), ("oldest_wait", {"minutes": 5})):
        rule = insert(AlertRule).values(**here, kind=kind, **numbers, channel_ids=[channel_id]).returning(AlertRule.id)
        opened = {"kind": kind, "inbox_id": acme.support, "sentence": "Support: 6 conversations wait.", "opened_at": at}
        alert = insert(Alert).values(**here, **opened, rule_id=session.scalars(rule).one()).returning(Alert.id)
        told = {"kind": "opened", "created_at": at, "due_at": at, "tried_at": at, "error": "It answered 404."}
        notice = {"channel_id": channel_id, "alert_id": session.scalars(alert).one(), **told}
        session.execute(insert(AlertNotice).values(**here, **notice))
    session.commit()


@pytest.fixture
def visit(site: Site, browser: Browser, floor: Acme) -> Iterator[tuple[Page, dict[str, str]]]:
    """An administrator's browser, and where every page is."""
    # A colour that is still changing has no contrast of its own.
    page = site.open(
        browser,
        as_id=hire(floor.work, floor.account_id, "Uma", Role.ADMINISTRATOR),
        bypass_csp=True,
        reduced_motion="reduce",
    )
    outside = {stop.name: f"{site.url}{stop.at}" for stop in tour.OUTSIDE}
    inside = tour.addresses(page, site.url)
    assert {stop.name for stop in tour.INSIDE} == set(inside), "Nothing leads there."
    yield page, outside | inside
    page.context.close()


def test_every_page_bars_nobody_and_is_whole_at_any_width(visit: tuple[Page, dict[str, str]]) -> None:
    page, addresses = visit
    faults: list[str] = []

    for name, address in addresses.items():
        page.goto(address)
        faults += [f"{name}: {one}" for one in (*barriers(page), *cuts(page))]

    assert not faults, "\n".join(faults)


def test_words_without_a_break_stay_inside_every_page(visit: tuple[Page, dict[str, str]], floor: Acme) -> None:
    """Seen to make a conversation's page 2,058 px wide at 1,280: its subject was a link of 220 characters."""
    page, addresses = visit
    with_unbroken_words(floor)
    faults: list[str] = []

    for name, address in addresses.items():
        page.goto(address)
        faults += [f"{name}: {one}" for one in cuts(page)]

    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("width", [390])
def test_a_subject_takes_two_lines_of_a_phone_s_list_at_most(
    visit: tuple[Page, dict[str, str]], floor: Acme, width: int
) -> None:
    page, addresses = visit
    with_unbroken_words(floor)
    page.set_viewport_size({"width": width, "height": 900})

    page.goto(addresses["conversations"])

    lines = page.locator(".conversations .name a").evaluate_all(
        "all => all.map(one => one.offsetHeight / parseFloat(getComputedStyle(one).lineHeight))"
    )
    assert lines
    assert max(lines) < 2.5


def with_unbroken_words(floor: Acme) -> None:
    """Give everything that people name a name that no browser finds a break in."""
    session, mine = floor.work.session, {"account_id": floor.account_id}
    word = "W" * 220
    for table, column, length in NAMED:
        which = text(
            f"UPDATE {table} SET {column} = left(:word, {length} - 8) || lpad(CAST(<id> AS text), 6, '0')"
            " WHERE account_id = :account_id".replace("<id>", "user_id" if table == "account_users" else "id")
        )
        session.execute(which, {**mine, "word": word})
    for table in ("connected_inboxes", "connected_agents"):
        session.execute(text(f"UPDATE {table} SET name = :word"), {"word": word})
    session.execute(text("UPDATE connections SET sentence = :word, url = 'https://' || :word"), {"word": word})
    session.execute(text("UPDATE alerts SET sentence = :word"), {"word": word})
    session.execute(text("UPDATE connection_conflicts SET ours = :word, theirs = :word"), {"word": word})
    session.execute(text("UPDATE conversations SET labels = ARRAY[left(:word, 100)]"), {"word": word})
    session.execute(text("UPDATE users SET email = :word || id || '@example.org'"), {"word": word[:200].lower()})
    session.execute(text("UPDATE accounts SET name = :word"), {"word": word})
    contact = insert(Contact).values(identifier=word, name=word, **mine).returning(Contact.id)
    session.execute(update(Conversation).values(contact_id=session.scalar(contact)))
    session.commit()


# What people name, and how long a name may be.
NAMED = (
    ("conversations", "subject", 220),
    ("conversations", "external_id", 200),
    ("account_users", "name", 200),
    ("inboxes", "name", 200),
    ("teams", "name", 200),
    ("labels", "title", 100),
    ("assignment_policies", "name", 200),
    ("assignment_policies", "description", 200),
    ("agent_capacity_policies", "name", 200),
    ("api_tokens", "name", 200),
    ("connections", "name", 200),
    ("alert_channels", "name", 100),
)


def barriers(page: Page) -> Iterator[str]:
    """Yield what axe finds, in light, and what has too little contrast in the dark."""
    page.evaluate(AXE.read_text())
    for scheme, rules in (("light", None), ("dark", ["color-contrast"])):
        page.emulate_media(color_scheme=scheme)
        yield from (f"{scheme}: {one}" for one in page.evaluate(BARRIERS, rules))


def cuts(page: Page) -> Iterator[str]:
    """Yield what is cut, out of reach or lies over something else, at each width."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        yield from (f"{width}: {one}" for one in page.evaluate(LAYOUT))
