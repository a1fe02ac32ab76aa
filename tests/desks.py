"""A desk on real stores, and the cast of every test: Acme's people and inboxes, and Globex, the stranger."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import delete, func, insert, select, text, update

from dashboard.config import Settings
from dashboard.engine.decisions import Source
from dashboard.engine.model import Presence, Role
from dashboard.services.assignment import run
from dashboard.services.assignment.run import RunRequest, RunResult
from dashboard.services.core.after_commit import Background
from dashboard.services.core.container import build
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.models import (
    Account,
    AccountUser,
    AssignmentPolicy,
    Base,
    CapacityPolicy,
    Contact,
    Conversation,
    Inbox,
    InboxCapacityLimit,
    InboxMember,
    PolicyLink,
    Team,
    TeamMember,
    User,
)
from dashboard.store.postgres import database
from dashboard.store.postgres.database import Engine, Session

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AGENTS = ("Ana", "Bo", "Cleo", "Dov")
TABLES = [table.name for table in Base.metadata.sorted_tables]
FILLED = text(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in TABLES))


@dataclass(slots=True)
class Recorded:
    """A queue that keeps what it was asked to do instead of doing it."""

    runs: list[tuple[int, int, Source]] = field(default_factory=list)
    wakeups: list[tuple[int, int, datetime]] = field(default_factory=list)
    suspects: list[Mapping[int, Mapping[int, Sequence[int]]]] = field(default_factory=list)
    deliveries: list[int | None] = field(default_factory=list)
    deliveries_at: list[datetime] = field(default_factory=list)
    removals_at: list[datetime] = field(default_factory=list)
    mails: list[tuple[int, int]] = field(default_factory=list)
    writes: list[tuple[int, int]] = field(default_factory=list)
    readings: list[tuple[int, int]] = field(default_factory=list)
    polls: list[tuple[int, int]] = field(default_factory=list)
    sendings: int = 0
    checks: list[int] = field(default_factory=list)

    def run_inbox(self, account_id: int, inbox_id: int, source: Source, actor_id: int | None = None) -> str:
        self.runs.append((account_id, inbox_id, source))
        return f"job-{len(self.runs)}"

    def run_inbox_at(
        self, account_id: int, inbox_id: int, at: datetime, *, attempt: int = 0, instead_of: datetime | None = None
    ) -> None:
        self.wakeups.append((account_id, inbox_id, at))

    def confirm_stranded_at(self, named: Mapping[int, Mapping[int, Sequence[int]]], at: datetime) -> None:
        self.suspects.append(named)

    def deliver_webhooks(self, account_id: int | None = None) -> None:
        self.deliveries.append(account_id)

    def deliver_webhooks_at(self, at: datetime) -> None:
        self.deliveries_at.append(at)

    def mail_invitation(self, account_id: int, agent_id: int) -> None:
        self.mails.append((account_id, agent_id))

    def send_notices(self) -> None:
        self.sendings += 1

    def write_to_helpdesk(self, account_id: int, connection_id: int) -> None:
        self.writes.append((account_id, connection_id))

    def read_marked(self, account_id: int, connection_id: int) -> None:
        self.readings.append((account_id, connection_id))

    def poll_helpdesk(self, account_id: int, connection_id: int) -> None:
        self.polls.append((account_id, connection_id))

    def check_simulator(self, check_id: int) -> None:
        self.checks.append(check_id)

    def remove_old_at(self, at: datetime) -> None:
        self.removals_at.append(at)

    def background(self) -> Background:
        return Background(workers=1, scheduler=True, queued=len(self.runs), failed=0, runs_to_come=len(self.runs))


@contextmanager
def own_session(settings: Settings) -> Iterator[Session]:
    """Yield a session on a connection of its own."""
    engine = database.connect(settings.database_url)
    with engine.connect() as connection, Session(connection, expire_on_commit=False) as session:
        yield session
    engine.dispose()


@contextmanager
def committed(settings: Settings) -> Iterator[Session]:
    """Yield a session on one connection whose commits are real; every table is emptied afterwards."""
    with _kept(settings.database_url).connect() as connection, Session(connection, expire_on_commit=False) as session:
        yield session
        session.rollback()
        _empty(session)


@cache
def _kept(database_url: str) -> Engine:
    """Return an engine whose connection serves one test after the other: a new one takes longer than most tests."""
    return database.connect(database_url)


def _empty(session: Session) -> None:
    """Remove every row, and count ids from the first again. TRUNCATE of every table takes ten times the processor."""
    session.execute(text(f"LOCK TABLE {', '.join(TABLES)} IN SHARE ROW EXCLUSIVE MODE"))
    filled = session.scalars(FILLED).all()
    session.execute(text("SET LOCAL session_replication_role = replica"))  # no trigger and no foreign key is asked
    for table in filled:
        session.execute(text(f"DELETE FROM {table}"))
    session.execute(text("SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"))
    session.commit()


def desk_on(session: Session, settings: Settings, queue: Recorded) -> UnitOfWork:
    """Return a desk with real Redis and a queue that only records."""
    return build(settings, queue).work(session)


@dataclass(slots=True, kw_only=True)
class Acme:
    """An account with a desk: ids by name, and verbs that put things on the floor. Globex has an inbox and an agent."""

    work: UnitOfWork
    account_id: int
    agents: dict[str, int]
    inboxes: dict[str, int]
    teams: dict[str, int] = field(default_factory=dict)
    policy_id: int = 0
    stranger_id: int = 0
    stranger_inbox_id: int = 0

    @property
    def support(self) -> int:
        return self.inboxes["Support"]

    @property
    def sales(self) -> int:
        return self.inboxes["Sales"]

    def names(self, agent_ids: Sequence[int | None]) -> list[str]:
        by_id = {agent_id: name for name, agent_id in self.agents.items()}
        return [by_id[agent_id] if agent_id else "-" for agent_id in agent_ids]

    def online(self, *names: str, at: datetime = NOON) -> None:
        self.work.heartbeats.beat(self.account_id, [self.agents[name] for name in names], at)

    def waiting(self, count: int, inbox: str = "Support", **facts: object) -> list[int]:
        """Put conversations on the floor that wait, a second apart, before noon unless told otherwise."""
        first = facts.pop("created_at", NOON - timedelta(hours=1))
        assert isinstance(first, datetime)
        rows = [
            {
                "account_id": self.account_id,
                "inbox_id": self.inboxes[inbox],
                "created_at": first + timedelta(seconds=number),
                "last_activity_at": first + timedelta(seconds=number),
                "waiting_since": first + timedelta(seconds=number),
                **facts,
            }
            for number in range(count)
        ]
        ids = self.work.session.execute(
            insert(Conversation).returning(Conversation.id, sort_by_parameter_order=True), rows
        )
        found = list(ids.scalars())
        self.work.session.commit()
        return found

    def held(self, name: str, count: int, inbox: str = "Support", **facts: object) -> list[int]:
        """Put open conversations on the floor that this agent already holds."""
        return self.waiting(
            count, inbox, assignee_id=self.agents[name], assigned_at=NOON, **{"waiting_since": None, **facts}
        )

    def policy(self, *inboxes: str, **rules: object) -> int:
        """Make a policy and link it to these inboxes (Support if none is named)."""
        number = self.work.session.scalar(select(func.count()).select_from(AssignmentPolicy))
        values = {"account_id": self.account_id, "name": f"Policy {number}", **rules}
        self.policy_id = self._add(AssignmentPolicy, **values)
        for inbox in inboxes or ("Support",):
            link = {"inbox_id": self.inboxes[inbox], "assignment_policy_id": self.policy_id}
            self.work.session.execute(insert(PolicyLink).values(account_id=self.account_id, **link))
        self.work.session.commit()
        return self.policy_id

    def capacity(self, name: str, limits: dict[str, int], **rules: object) -> int:
        """Put an agent under a capacity policy of their own, with these limits by inbox."""
        policy_id = self._add(CapacityPolicy, account_id=self.account_id, name=f"Limits of {name}", **rules)
        for inbox, limit in limits.items():
            values = {"inbox_id": self.inboxes[inbox], "conversation_limit": limit}
            self._add(InboxCapacityLimit, account_id=self.account_id, agent_capacity_policy_id=policy_id, **values)
        row = self.work.session.get_one(AccountUser, (self.account_id, self.agents[name]))
        row.agent_capacity_policy_id = policy_id
        self.work.session.commit()
        return policy_id

    def team(self, name: str, *members: str, **facts: object) -> int:
        self.teams[name] = self._add(Team, account_id=self.account_id, name=name, **facts)
        for member in members:
            values = {"team_id": self.teams[name], "user_id": self.agents[member]}
            self.work.session.execute(insert(TeamMember).values(account_id=self.account_id, **values))
        self.work.session.commit()
        return self.teams[name]

    def join(self, inbox: str, *names: str) -> None:
        values = {"account_id": self.account_id, "inbox_id": self.inboxes[inbox]}
        self.work.session.execute(insert(InboxMember), [{**values, "user_id": self.agents[name]} for name in names])
        self.work.session.commit()

    def leave(self, inbox: str, name: str) -> None:
        wanted = (InboxMember.inbox_id == self.inboxes[inbox], InboxMember.user_id == self.agents[name])
        self.work.session.execute(delete(InboxMember).where(*wanted))
        self.work.session.commit()

    def change_agent(self, who: str, **facts: object) -> None:
        wanted = (AccountUser.account_id == self.account_id, AccountUser.user_id == self.agents[who])
        self.work.session.execute(update(AccountUser).where(*wanted).values(**facts))
        self.work.session.commit()

    def contact(self, identifier: str) -> int:
        contact_id = self._add(Contact, account_id=self.account_id, identifier=identifier)
        self.work.session.commit()
        return contact_id

    def run(self, inbox: str = "Support", *, at: datetime = NOON, source: Source = Source.MANUAL) -> RunResult:
        """Run the engine over an inbox in this process."""
        request = RunRequest(source=source)
        result = run.run_inbox(self.work, self.account_id, self.inboxes[inbox], request=request, now=lambda: at)
        assert result is not None
        return result

    def assignees(self, ids: Sequence[int]) -> list[str]:
        """Return who has each of these conversations, by name; `-` waits."""
        rows = self.work.session.execute(
            select(Conversation.id, Conversation.assignee_id).where(Conversation.id.in_(ids))
        )
        by_id = {row.id: row.assignee_id for row in rows}
        self.work.session.rollback()
        return self.names([by_id[one] for one in ids])

    def _add(self, model: type[Base], **values: object) -> int:
        made = self.work.session.execute(insert(model).values(**values).returning(model.id))  # type: ignore[attr-defined]
        return int(made.scalar_one())


def acme(work: UnitOfWork) -> Acme:
    """Seat the cast: Ana, Bo, Cleo and Dov answer Support, Ana and Bo answer Sales; nobody has been heard of yet."""
    session = work.session
    account_id, globex = (
        session.execute(insert(Account).values(name=name).returning(Account.id)).scalar_one()
        for name in ("Acme", "Globex")
    )
    agents = _add_agents(session, account_id, AGENTS)
    inboxes = {name: add_inbox(session, account_id, name) for name in ("Support", "Sales")}
    floor = Acme(work=work, account_id=account_id, agents=agents, inboxes=inboxes)
    floor.stranger_id = add_user(session, globex, "Sid")
    floor.stranger_inbox_id = add_inbox(session, globex, "Elsewhere")
    session.commit()
    floor.join("Support", *AGENTS)
    floor.join("Sales", "Ana", "Bo")
    return floor


def _add_agents(session: Session, account_id: int, names: Sequence[str]) -> dict[str, int]:
    """Add agents to an account at once, and return their ids by name: every test begins with these."""
    ids = session.scalars(insert(User).returning(User.id), [{"session_epoch": 0}] * len(names)).all()
    agents = dict(zip(names, sorted(ids), strict=True))
    session.execute(
        insert(AccountUser),
        [_membership(account_id, user_id, name) | {"role": Role.AGENT} for name, user_id in agents.items()],
    )
    return agents


def _membership(account_id: int, user_id: int, name: str) -> dict[str, object]:
    address = f"{name.lower()}@{account_id}.example"
    who = {"account_id": account_id, "user_id": user_id, "log_in_id": user_id, "name": name, "email": address}
    return {**who, "availability": Presence.ONLINE}


def add_user(session: Session, account_id: int, name: str, role: Role = Role.AGENT, **facts: object) -> int:
    """Add a user to an account and return their id."""
    user_id = session.execute(insert(User).values(session_epoch=0).returning(User.id)).scalar_one()
    values = _membership(account_id, user_id, name) | {"role": role, **facts}
    session.execute(insert(AccountUser).values(**values))
    return user_id


def add_inbox(session: Session, account_id: int, name: str) -> int:
    """Add an inbox to an account and return its id."""
    return session.execute(insert(Inbox).values(account_id=account_id, name=name).returning(Inbox.id)).scalar_one()
