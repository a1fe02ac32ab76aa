"""Customers and agents at work: conversations arrive, are given out and are resolved, whatever breaks meanwhile."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dashboard import clock
from dashboard.services.accounts import accounts
from dashboard.services.accounts.account_forms import NewAccountForm
from dashboard.services.accounts.accounts import CreatedAccount
from dashboard.services.core.container import build
from dashboard.store.postgres import database
from jobs.rq_queue import RqJobs
from tests.faults.http import Api, Failed
from tests.faults.stack import Stack

# Conversations per second: what is offered. A machine that is busy elsewhere takes fewer, and `taken` counts those.
RATE = 50
LEAST = 5
AT_ONCE = 100
TICK = 0.1
HANDLED_FOR = "0.5 s"
# A store that does not answer is waited for, a second at each of the few times that a call asks it.
LET_IN_WITHIN = 10.0
AGENTS = ("Ana", "Bo", "Cleo", "Dov", "Eve", "Fay")
HANDLED = text("""
SELECT id FROM conversations WHERE account_id = :account_id AND status = 'open' AND assignee_id IS NOT NULL
AND assigned_at < now() - CAST(:handled_for AS interval) ORDER BY assigned_at LIMIT 20
""")
KNOWN = text("SELECT count(external_id), count(DISTINCT external_id) FROM conversations WHERE account_id = :account_id")


@dataclass(slots=True)
class Load:
    """An account on a stack, and what was said to it."""

    stack: Stack
    account_id: int
    api: Api
    agents: dict[str, int] = field(default_factory=dict)
    inboxes: dict[str, int] = field(default_factory=dict)
    team_id: int = 0
    taken: dict[str, int] = field(default_factory=dict)
    unsaid: list[dict[str, object]] = field(default_factory=list)
    resolved: int = 0
    failed: int = 0
    last_failure: str = ""
    is_closed: threading.Event = field(default_factory=threading.Event)
    is_over: threading.Event = field(default_factory=threading.Event)

    def post(self, path: str, body: object, *, method: str = "POST") -> dict[str, int]:
        """Call the API below the account."""
        answer: dict[str, int] = self.api.call(method, f"/api/v1/accounts/{self.account_id}{path}", body)
        return answer

    def runs_for(self, seconds: float, each: Callable[[], object] = lambda: None) -> None:
        """Let it go on for so long, and mend what dies meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.stack.mend()
            each()
            time.sleep(TICK)

    def takes(self, seconds: float) -> None:
        """Let it go on for so long, and then until somebody who came meanwhile was let in."""
        before = len(self.taken)
        self.runs_for(seconds)
        self.stack.until(lambda: len(self.taken) > before, LET_IN_WITHIN)

    def close(self) -> None:
        """Let nobody come any more; agents go on with what there is."""
        self.is_closed.set()
        self.runs_for(3 * TICK)

    def rest(self) -> None:
        """Let nobody come and nobody be done: what is left to do now is what was left undone."""
        self.is_over.set()
        self.runs_for(3 * TICK)

    def say_the_rest(self) -> None:
        """Say again what was not answered; raises Failed where it is not answered now."""
        while self.unsaid:
            self._say()

    def check(self) -> None:
        """Fail if anything that was said yes to is not there, or there twice; and if too little was asked."""
        with self.stack.session() as session:
            count, different = session.execute(KNOWN, {"account_id": self.account_id}).one()
        assert count == different >= len(self.taken) >= LEAST, (count, different, len(self.taken), self.last_failure)

    def furnish(self) -> None:
        """Seat six agents in three inboxes, under every kind of limit."""
        for name in AGENTS:
            body = {"name": name, "email": f"{name.lower()}@{self.account_id}.example", "role": "agent"}
            self.agents[name] = self.post("/agents", body)["id"]
        team = {"name": "Billing", "max_auto_assigned_conversations": 6}
        self.team_id = self.post("/teams", team)["id"]
        ids = list(self.agents.values())
        self.post(f"/teams/{self.team_id}/members", {"user_ids": ids[:3]}, method="PUT")
        for name, rules in POLICIES.items():
            self._inbox(name, rules, ids)
        limits = self.post("/agent_capacity_policies", {"name": "Limits", "conversation_limit": 8})["id"]
        body = {"inbox_id": self.inboxes["Support"], "conversation_limit": 3}
        self.post(f"/agent_capacity_policies/{limits}/inbox_limits", body)
        for one in ids[:4]:
            self.post(f"/agent_capacity_policies/{limits}/users", {"user_id": one})
        self.beat()

    def _inbox(self, name: str, rules: dict[str, object], members: list[int]) -> None:
        inbox_id = self.inboxes[name] = self.post("/inboxes", {"name": name})["id"]
        self.post(f"/inboxes/{inbox_id}/members", {"user_ids": members}, method="PUT")
        policy = self.post("/assignment_policies", {"name": f"Policy of {name}", **rules})["id"]
        self.post(f"/inboxes/{inbox_id}/assignment_policy", {"assignment_policy_id": policy})

    def beat(self) -> None:
        self.post("/heartbeats", {"agent_ids": list(self.agents.values())})

    def arrive(self) -> None:
        """Offer so many in a second; what was not answered is said again, under the same name."""
        began, offered = time.monotonic(), 0
        while not self.is_over.wait(TICK) and not self.is_closed.is_set():
            due = int((time.monotonic() - began) * RATE) - offered
            self.unsaid += [self._draft(offered + number) for number in range(min(due, AT_ONCE))]
            offered += due
            if not self.unsaid:
                began, offered = time.monotonic(), 0
                continue
            with self._trying():
                self._say()

    def _say(self) -> None:
        ids = self.post("/conversations/bulk", {"conversations": self.unsaid[:AT_ONCE]})["ids"]
        names = [str(one["external_id"]) for one in self.unsaid[:AT_ONCE]]
        self.taken.update(zip(names, ids, strict=True))  # type: ignore[arg-type]
        del self.unsaid[:AT_ONCE]

    def handle(self, share: int) -> None:
        """Resolve what agents have held for a moment."""
        engine = database.connect(self.stack.settings.database_url, pool_size=1)
        while not self.is_over.wait(TICK):
            with self._trying(), engine.connect() as connection:
                values = {"account_id": self.account_id, "handled_for": HANDLED_FOR}
                found = [one for one in connection.execute(HANDLED, values).scalars() if one % 2 == share]
            for one in found:
                with self._trying():
                    self.post(f"/conversations/{one}/toggle_status", {"status": "resolved"})
                    self.resolved += 1
        engine.dispose()

    def stay(self) -> None:
        """Say that the agents are there."""
        while not self.is_over.wait(1.0):
            with self._trying():
                self.beat()

    @contextmanager
    def _trying(self) -> Iterator[None]:
        try:
            yield
        except (Failed, SQLAlchemyError) as error:
            self.failed += 1
            self.last_failure = str(error).splitlines()[0]

    def _draft(self, number: int) -> dict[str, object]:
        inbox = list(self.inboxes.values())[number % 3]
        team = {"team_id": self.team_id} if number % 10 == 1 else {}
        return {"inbox_id": inbox, "external_id": uuid4().hex, **team}


POLICIES: dict[str, dict[str, object]] = {
    "Support": {},
    "Sales": {"fair_distribution_limit": 10, "fair_distribution_window": 5},
    "Returns": {"assignment_order": "balanced"},
}


@contextmanager
def load_on(stack: Stack) -> Iterator[Load]:
    """An account of its own, at work until the end of the block."""
    load = founded(stack)
    load.furnish()
    todo = [(load.arrive, ()), (load.handle, (0,)), (load.handle, (1,)), (load.stay, ())]
    threads = [threading.Thread(target=act, args=args, daemon=True) for act, args in todo]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.is_over.set()
        for thread in threads:
            thread.join()


def founded(stack: Stack) -> Load:
    """Found an account, as the command line does."""
    name = uuid4().hex[:8]
    new = {"name": name, "email": f"ada@{name}.example", "password": "correct horse 9"}
    with stack.session() as session:
        work = build(stack.settings, RqJobs(stack.settings.redis_url)).work(session)
        made = work.finished(accounts.create_account(work, NewAccountForm().load(new), now=clock.now()))
    assert isinstance(made, CreatedAccount)
    return Load(stack, made.account_id, stack.api(made.token))
