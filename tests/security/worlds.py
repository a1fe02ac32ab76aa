"""Two accounts that have one of everything."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.model import Role
from dashboard.services.accounts import invitations, tokens
from dashboard.services.webhooks import deliver
from dashboard.store.models import AccountUser, Base
from dashboard.store.postgres.database import Session
from dashboard.web.accounts import login_throttle
from tests import desks
from tests.api.conftest import Caller
from tests.desks import Acme
from tests.pages import AtOnce, Looker, composed, hire, looking

# From here on the ids are Globex's, so that one number names something of theirs in every table, and nothing of Acme's.
THEIR_FIRST_ID = 5_001
PASSWORD = "a pass phrase of an agent"


@dataclass(slots=True, kw_only=True)
class World:
    """An account with one of everything; each of its texts says `word`."""

    account_id: int
    word: str
    admin: Caller
    looker: Looker
    ids: dict[str, int | str | UUID] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    def make(self, path: str, body: object) -> int:
        """Post it, keep what is shown once, and return the id."""
        answer = self.admin.post(path, body)
        assert answer.status_code in (200, 201), (path, answer.text)
        self.secrets |= {answer.json[name] for name in ("secret", "token") if name in answer.json}
        return int(answer.json.get("id", 0))

    def invite(self, agent_id: int) -> str:
        """Invite an agent, and return the secret of the link."""
        token = self.admin.post(f"/agents/{agent_id}/invitations").json["url"].rpartition("/")[2]
        self.secrets.add(token)
        return str(token)


@dataclass(slots=True, kw_only=True)
class Worlds:
    """Acme and Globex on one application."""

    app: Flask
    acme: Acme
    ours: World
    theirs: World

    @property
    def session(self) -> Session:
        return self.acme.work.session

    def renew(self) -> None:
        """Let the agents be invited, and forget who looked at their links how often: forms and walks end both."""
        with self.app.app_context():
            login_throttle.limiter.reset()
        for world in (self.ours, self.theirs):
            agent_id = int(str(world.ids["agent"]))
            agent = self.session.get_one(AccountUser, (world.account_id, agent_id), populate_existing=True)
            agent.active = True
            self.session.commit()
            token = self.acme.work.finished(
                invitations.invite(self.acme.work, world.account_id, agent_id, actor_id=None, now=clock.now())
            )
            assert isinstance(token, str)
            world.ids["invitation"] = token
            world.secrets.add(token)


@contextmanager
def two_worlds(settings: Settings, *, ours: str = "Ours", theirs: str = "Theirs") -> Iterator[Worlds]:
    """Yield both on real stores; everything is emptied afterwards."""
    worker = AtOnce(settings)
    with desks.committed(settings) as session:
        acme = desks.acme(desks.desk_on(session, settings, worker))
        app = composed(settings, worker)
        _let_tests_be_fast(app)
        first = _world(app, acme, acme.account_id, ours)
        _number_from(session, THEIR_FIRST_ID)
        globex = session.execute(text("SELECT account_id FROM inboxes WHERE id = :id"), {"id": acme.stranger_inbox_id})
        second = _world(app, acme, globex.scalar_one(), theirs)
        yield Worlds(app=app, acme=acme, ours=first, theirs=second)
    worker.close()


def _let_tests_be_fast(app: Flask) -> None:
    """Let a token call more than a hundred times a second; the log-in's throttle stays."""
    for limiter in app.extensions["limiter"] - {login_throttle.limiter}:
        limiter.enabled = False


def _number_from(session: Session, first: int) -> None:
    for table in Base.metadata.sorted_tables:
        if "id" in table.c and table.c.id.identity:
            session.execute(text(f"ALTER TABLE {table.name} ALTER COLUMN id RESTART WITH {first}"))
    session.commit()


def token_of(acme: Acme, account_id: int) -> str:
    """Return a token of a new administrator of an account."""
    user_id = hire(acme.work, account_id, f"chief{account_id}", Role.ADMINISTRATOR)
    token = tokens.issue(acme.work, account_id, user_id, now=clock.now())
    acme.work.session.commit()
    return token.text


def _world(app: Flask, acme: Acme, account_id: int, word: str) -> World:
    work, user_id = acme.work, hire(acme.work, account_id, f"chief{account_id}", Role.ADMINISTRATOR)
    token = tokens.issue(work, account_id, user_id, now=clock.now())
    work.session.commit()
    admin = Caller(app.test_client(), account_id, user_id, token.text)
    world = World(account_id=account_id, word=word, admin=admin, looker=looking(app, account_id, user_id))
    world.secrets.add(token.text)
    world.ids = {"account": account_id, "token": token.row.id, "sheet": "hours"}
    furnish(world)
    _run(acme, world)
    return world


def furnish(world: World) -> None:
    """Make one of everything by the API, with the world's word for a text."""
    word, ids = world.word, world.ids
    agent = {"name": word, "email": f"agent@{world.account_id}.example", "role": "agent", "password": PASSWORD}
    ids["agent"] = world.make("/agents", agent)
    ids["invitation"] = world.invite(int(ids["agent"]))
    ids["inbox"] = world.make("/inboxes", {"name": word, "channel": word})
    ids["team"] = world.make("/teams", {"name": word})
    ids["label"] = world.make("/labels", {"title": word})
    ids["webhook"] = world.make("/webhooks", {"url": f"https://93.184.216.34/{word.replace(' ', '')}"})
    _alert(world)
    _connect(world)
    for place in (f"/inboxes/{ids['inbox']}", f"/teams/{ids['team']}"):
        world.make(f"{place}/members", {"user_ids": [ids["agent"]]})
    _rule(world)
    _bring(world)


def _alert(world: World) -> None:
    """Have a rule for alerts, and a channel that is never called."""
    secret = f"alertsecret{world.account_id}"
    channel = {"name": world.word, "url": f"json://hook:{secret}@93.184.216.34/"}
    world.ids["channel"] = world.make("/alert_channels", channel)
    rule = {"kind": "waiting", "threshold": 1_000, "channel_ids": [world.ids["channel"]]}
    world.ids["rule"] = world.make("/alert_rules", rule)
    world.secrets.add(secret)


def _connect(world: World) -> None:
    """Connect a helpdesk that is never called."""
    token = f"token of {world.word}"
    credentials = {"account_id": "1", "token": token}
    body = {"kind": "chatwoot", "name": world.word, "url": "https://93.184.216.34", "credentials": credentials}
    made = world.admin.post("/connections", body)
    assert made.status_code == 201, made.text
    world.ids["connection"] = made.json["id"]
    world.ids["hook"] = made.json["webhook_url"].rpartition("/")[2]
    world.secrets |= {token, str(world.ids["hook"])}


def _rule(world: World) -> None:
    """Put the inbox under a policy, and the agent under limits."""
    word, ids = world.word, world.ids
    ids["policy"] = world.make("/assignment_policies", {"name": word, "description": word})
    world.make(f"/inboxes/{ids['inbox']}/assignment_policy", {"assignment_policy_id": ids["policy"]})
    links = world.admin.get("/audit_entries?subject=inbox_assignment_policy").json["data"]
    ids["entry"] = links[0]["id"]
    rules = {"excluded_labels": [word], "exclude_older_than_hours": 9}
    policy = {"name": word, "description": word, "exclusion_rules": rules}
    ids["capacity"] = world.make("/agent_capacity_policies", policy)
    path, limit = f"/agent_capacity_policies/{ids['capacity']}", {"inbox_id": ids["inbox"], "conversation_limit": 1}
    ids["limit"] = world.make(f"{path}/inbox_limits", limit)
    world.make(f"{path}/users", {"user_id": ids["agent"]})


def _bring(world: World) -> None:
    """Bring conversations in: one is assigned, one waits for its team, one is excluded by its label."""
    word, ids = world.word, world.ids
    said = {"inbox_id": ids["inbox"], "contact": {"identifier": word, "name": word}, "subject": word}
    ids["conversation"] = world.make("/conversations", {**said, "external_id": word})
    world.make("/conversations", {**said, "team_id": ids["team"]})
    world.make("/conversations", {**said, "labels": [word]})
    beat = world.admin.post(f"/agents/{ids['agent']}/heartbeat")
    assert beat.status_code == 204, beat.text


def _run(acme: Acme, world: World) -> None:
    """Run the engine, make its events into deliveries, and remember both."""
    answer = world.admin.post(f"/inboxes/{world.ids['inbox']}/assignment_runs?wait=true")
    assert answer.status_code == 200, answer.text
    world.ids["run"] = answer.json["id"]
    ledger = world.admin.get(f"/conversations/{world.ids['conversation']}/assignments").json["data"]
    world.ids["assignment"] = ledger[0]["id"]
    deliver.fan_out(acme.work, now=clock.now())
    acme.work.finish()
    told = world.admin.get(f"/webhooks/{world.ids['webhook']}/deliveries").json["data"]
    world.ids["delivery"] = UUID(told[0]["id"])
