"""A large desk, built by a few set-based statements, and the sessions and tokens of those who use it."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import text

from dashboard import clock
from dashboard.config import Settings
from dashboard.services.accounts import tokens
from dashboard.services.core.container import build
from dashboard.store.postgres import database
from jobs.rq_queue import RqJobs

ACCOUNT = 1
INBOXES = 10
# A token may call a hundred times a second.
TOKENS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """How many answer, and how many look."""

    agents: int
    supervisors: int

    @property
    def agent_ids(self) -> range:
        return range(1, self.agents + 1)

    @property
    def supervisor_ids(self) -> range:
        return range(self.agents + 1, self.agents + self.supervisors + 1)

    def build(self, settings: Settings) -> None:
        """Put everybody and everything there, on empty tables."""
        engine = database.connect(settings.database_url)
        with engine.begin() as connection:
            for statement in self._statements():
                connection.execute(text(statement))
        engine.dispose()

    def _statements(self) -> Iterator[str]:
        everybody = f"generate_series(1, {self.agents + self.supervisors}) AS n"
        yield "INSERT INTO accounts (name) VALUES ('Acme')"
        yield f"INSERT INTO users (session_epoch) SELECT 0 FROM {everybody}"
        yield f"""
            INSERT INTO account_users (account_id, user_id, log_in_id, name, email, role, availability)
            SELECT 1, n, n, 'Agent ' || n, n || '@acme.example',
              CASE WHEN n > {self.agents} THEN 'supervisor' ELSE 'agent' END, 'online'
            FROM {everybody}"""
        yield f"INSERT INTO inboxes (account_id, name) SELECT 1, 'Inbox ' || n FROM generate_series(1, {INBOXES}) AS n"
        yield f"""
            INSERT INTO inbox_members (account_id, inbox_id, user_id)
            SELECT 1, 1 + n % {INBOXES}, n FROM generate_series(1, {self.agents}) AS n"""
        yield """
            INSERT INTO assignment_policies
              (account_id, name, assignment_order, fair_distribution_limit, fair_distribution_window)
            VALUES (1, 'In turn', 'round_robin', 60, 60), (1, 'Even', 'balanced', NULL, NULL)"""
        yield """
            INSERT INTO inbox_assignment_policies (account_id, inbox_id, assignment_policy_id)
            SELECT 1, id, 1 + id % 2 FROM inboxes"""
        yield "INSERT INTO agent_capacity_policies (account_id, name, conversation_limit) VALUES (1, 'Everybody', 40)"
        yield """
            INSERT INTO inbox_capacity_limits (account_id, agent_capacity_policy_id, inbox_id, conversation_limit)
            SELECT 1, 1, id, 30 FROM inboxes"""
        yield f"UPDATE account_users SET agent_capacity_policy_id = 1 WHERE user_id <= {self.agents}"


def issue(settings: Settings, user_id: int) -> list[str]:
    """Return new tokens of a user."""
    engine = database.connect(settings.database_url)
    with engine.connect() as connection, database.Session(connection) as session:
        work = build(settings, RqJobs(settings.redis_url)).work(session)
        made = [tokens.issue(work, ACCOUNT, user_id, now=clock.now()).text for _ in range(TOKENS)]
        session.commit()
    engine.dispose()
    return made


def cookie(secret_key: str, user_id: int) -> str:
    """Return the session that a log-in would leave: three hundred log-ins from one host would be refused."""
    signer = Flask("soak")
    signer.secret_key = secret_key
    serializer = SecureCookieSessionInterface().get_signing_serializer(signer)
    assert serializer
    known = {"session_id": uuid4().hex, "csrf_token": secrets.token_hex(20)}
    kept = {"_user_id": f"{ACCOUNT}:{user_id}:0", "_fresh": True, **known}
    return f"evenhand={serializer.dumps(kept)}"
