"""No page asks Postgres more often the more there is to show: measured on all of them, at two sizes of everything."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from flask import Flask
from redis import Redis
from sqlalchemy import text
from werkzeug.routing import Rule

from dashboard import clock
from dashboard.config import Settings
from dashboard.services.accounts import tokens
from dashboard.store.accounts import invitations
from dashboard.store.accounts.invitations import InvitationDraft
from dashboard.store.accounts.tokens import hashed
from tests import desks
from tests.benchmarks.large import ACCOUNT, Size, fill
from tests.counting import statements
from tests.desks import Recorded
from tests.pages import Looker, composed, looking
from tests.security import walks

# Of everything at least one more than any page names of it, and in the larger one more than fit on a page.
SMALL = Size(
    agents=12,
    inboxes=8,
    teams=3,
    policies=2,
    labels=5,
    contacts=20,
    held=48,
    waiting=80,
    resolved=12,
    ledger=400,
    runs=10,
    records=10,
)
LARGE = Size(
    agents=120,
    inboxes=24,
    teams=12,
    policies=6,
    labels=40,
    contacts=200,
    held=480,
    waiting=240,
    resolved=120,
    ledger=4_000,
    runs=120,
    records=120,
)
# What stands in addresses: the name of a sheet; of all else the first.
NAMED = defaultdict(lambda: 1, name="hours")


def asked_by_each(settings: Settings, size: Size) -> Mapping[str, int]:
    """Return how many statements each page, and each call that only reads, needed for the first of its kind."""
    queue, found = Recorded(), {}
    with desks.committed(settings) as session:
        work = desks.desk_on(session, settings, queue)
        fill(work, size)
        token = tokens.issue(work, ACCOUNT, size.supervisor, now=clock.now()).text
        invitations.put(session, invitation_of(size.supervisor))
        session.commit()
        app = composed(settings, queue)
        looker = looking(app, ACCOUNT, size.supervisor)
        for rule in reading(app):
            path = walks.address(rule, NAMED)
            with statements(looker.session()) as seen:
                answer = looker.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code < 400, (path, answer.text)
            found[path] = len(seen)
    return found


def invitation_of(user_id: int) -> InvitationDraft:
    """Return an invitation whose secret is what stands in addresses."""
    facts = {"created_at": clock.now(), "expires_at": clock.now() + timedelta(days=1)}
    return InvitationDraft(account_id=ACCOUNT, user_id=user_id, token_hash=hashed(str(NAMED["token"])), **facts)


def reading(app: Flask) -> list[Rule]:
    """Return the addresses of all pages, and of all calls of the API that read."""
    calls = [rule for rule in walks.rules(app) if rule.rule.startswith(walks.API) and "GET" in (rule.methods or ())]
    return [*walks.page_rules(app), *calls]


def test_no_page_and_no_call_asks_more_the_more_there_is(settings: Settings, redis_url: str) -> None:
    few = asked_by_each(settings, SMALL)
    with Redis.from_url(redis_url) as client:
        client.flushdb()

    many = asked_by_each(settings, LARGE)

    assert {path: (few[path], count) for path, count in many.items() if count > few[path]} == {}
    assert len(many) > 50


def test_what_pages_ask_stays_prepared_from_request_to_request(mara: Looker) -> None:
    """Seen to fail with each request's transaction rolled back: the driver then forgets all."""
    for _ in range(8):
        assert mara.get("/").status_code == 200

    with mara.session() as session:
        kept = session.execute(text("SELECT statement FROM pg_prepared_statements")).scalars().all()

    assert any("ended_sessions" in statement for statement in kept)
