"""No page asks Postgres more often the more there is to show: measured on all of them, at two sizes of everything."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
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
from dashboard.store.postgres.database import Session
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
CONNECTED = """
INSERT INTO connections (account_id, kind, name, url, sealed, state, imported_at, waiting_read_at)
  SELECT 1, 'chatwoot', 'Desk ' || n, 'https://93.184.216.34', '', 'broken', :now, :now
  FROM generate_series(1, :policies) n;
INSERT INTO connected_inboxes (account_id, connection_id, external_id, name, inbox_id, mode, own_assignment)
  SELECT 1, 1, n, 'Inbox ' || n, n, 'shadow', false FROM generate_series(:inboxes / 2 + 1, :inboxes) n;
INSERT INTO connected_teams (account_id, connection_id, external_id, name, team_id, own_assignment)
  SELECT 1, 1, n, 'Team ' || n, n, n % 2 = 0 FROM generate_series(1, :teams) n;
INSERT INTO connected_agents (account_id, connection_id, external_id, name, email, agent_id)
  SELECT 1, 1, n, 'Agent ' || n, n || '@there.example', CASE n % 2 WHEN 0 THEN n END FROM generate_series(1, :agents) n;
INSERT INTO connected_conversations (account_id, connection_id, external_id, display_id, conversation_id,
    inbox_external_id, status, updated_at, asked_at)
  SELECT 1, 1, id, id, id, inbox_id, status, :now, :now FROM conversations WHERE inbox_id > :inboxes / 2;
INSERT INTO helpdesk_writes
  (account_id, connection_id, conversation_id, inbox_id, kind, agent_id, state, reason, at, due_at)
  SELECT 1, 1, conversation_id, inbox_external_id::bigint, 'claim', 1, 'failed', 'no answer', :now, :now
  FROM connected_conversations;
INSERT INTO connection_conflicts (account_id, connection_id, conversation_id, at, ours, theirs)
  SELECT 1, 1, conversation_id, :now, 'Ana', 'Mira' FROM connected_conversations;
INSERT INTO connection_events (account_id, connection_id, at, kind, cause, external_id)
  SELECT 1, 1, :now, 'poll', 'read', external_id FROM connected_conversations;
INSERT INTO shadow_decisions
  (account_id, inbox_id, conversation_id, agent_id, at, taken_by_id, taken_by, taken_at, closed_at)
  SELECT 1, inbox_external_id::bigint, conversation_id, 1, :now, 2, 'Agent 2', :now, :now FROM connected_conversations
"""
ALARMED = """
INSERT INTO alert_channels (account_id, name, service, sealed)
  SELECT 1, 'Channel ' || n, 'JSON', '' FROM generate_series(1, :policies) n;
INSERT INTO alert_rules (account_id, kind, threshold, channel_ids)
  SELECT 1, 'waiting', n, ARRAY[1, 2] FROM generate_series(1, :policies) n;
INSERT INTO alerts (account_id, rule_id, kind, inbox_id, sentence, opened_at)
  SELECT 1, 1, 'waiting', n, 'Many wait.', :now FROM generate_series(1, :inboxes) n;
INSERT INTO alert_notices (account_id, channel_id, alert_id, kind, created_at, due_at)
  SELECT 1, 1, id, 'opened', :now, :now FROM alerts
"""
# What stands in addresses: the name of a sheet; of all else the first.
NAMED = defaultdict(lambda: 1, name="hours")


def asked_by_each(settings: Settings, size: Size) -> Mapping[str, int]:
    """Return how many statements each page, and each call that only reads, needed for the first of its kind."""
    queue, found = Recorded(), {}
    with desks.committed(settings) as session:
        work = desks.desk_on(session, settings, queue)
        fill(work, size)
        connect(session, size)
        alarm(session, size)
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


def connect(session: Session, size: Size) -> None:
    """Let a helpdesk have the later half of the inboxes, everybody, all teams, and a history."""
    for statement in CONNECTED.split(";"):
        session.execute(text(statement), {**asdict(size), "now": clock.now()})
    session.commit()


def alarm(session: Session, size: Size) -> None:
    """Have rules, channels, and an open alert of each inbox."""
    for statement in ALARMED.split(";"):
        session.execute(text(statement), {**asdict(size), "now": clock.now()})
    session.commit()


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
