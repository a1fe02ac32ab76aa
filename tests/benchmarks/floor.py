"""A floor of any size, built by a few set-based statements: one account, one inbox, agents, teams, what waits."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard.engine.policy import AssignmentOrder

ACCOUNT = INBOX = POLICY = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What stands on the floor; half of the conversations are for a team if there are teams."""

    waiting: int
    agents: int = 100
    order: AssignmentOrder = AssignmentOrder.ROUND_ROBIN
    teams: int = 0
    capacity: int = 100_000
    rate_limit: int = 100_000

    @property
    def database(self) -> str:
        """Return a name that no other floor has."""
        facts = (self.waiting, self.agents, self.order.value, self.teams, self.capacity, self.rate_limit)
        return "_".join(("floor", *map(str, facts)))

    @property
    def agent_ids(self) -> range:
        """Return everybody's id."""
        return range(1, self.agents + 1)

    def statements(self) -> Iterator[str]:
        """Yield what builds it, on empty tables."""
        yield from self._desk()
        yield from self._rules()
        if self.teams:
            yield from self._teams()
        yield from self._conversations()

    def _desk(self) -> Iterator[str]:
        everybody = f"generate_series(1, {self.agents}) AS n"
        yield "INSERT INTO accounts (name) VALUES ('Acme')"
        yield "INSERT INTO inboxes (account_id, name) VALUES (1, 'Support')"
        yield f"INSERT INTO users (session_epoch) SELECT 0 FROM {everybody}"
        yield f"""
            INSERT INTO account_users (account_id, user_id, log_in_id, name, email, role, availability)
            SELECT 1, n, n, 'Agent ' || n, n || '@acme.example', 'agent', 'online' FROM {everybody}"""
        yield f"INSERT INTO inbox_members (account_id, inbox_id, user_id) SELECT 1, 1, n FROM {everybody}"

    def _rules(self) -> Iterator[str]:
        yield f"""
            INSERT INTO assignment_policies (account_id, name, assignment_order, fair_distribution_limit)
            VALUES (1, 'Default', '{self.order.value}', {self.rate_limit})"""
        yield "INSERT INTO inbox_assignment_policies (account_id, inbox_id, assignment_policy_id) VALUES (1, 1, 1)"
        yield "INSERT INTO agent_capacity_policies (account_id, name) VALUES (1, 'Everybody')"
        yield f"""
            INSERT INTO inbox_capacity_limits (account_id, agent_capacity_policy_id, inbox_id, conversation_limit)
            VALUES (1, 1, 1, {self.capacity})"""
        yield "UPDATE account_users SET agent_capacity_policy_id = 1"

    def _teams(self) -> Iterator[str]:
        yield f"INSERT INTO teams (account_id, name) SELECT 1, 'Team ' || n FROM generate_series(1, {self.teams}) AS n"
        yield f"""
            INSERT INTO team_members (account_id, team_id, user_id)
            SELECT 1, 1 + n % {self.teams}, n FROM generate_series(1, {self.agents}) AS n"""

    def _conversations(self) -> Iterator[str]:
        team = f"CASE WHEN n % 2 = 0 THEN 1 + n / 2 % {self.teams} END" if self.teams else "NULL::bigint"
        yield """
            INSERT INTO contacts (account_id, identifier, name)
            SELECT 1, 'caller-' || n, 'Caller ' || n FROM generate_series(1, 10000) AS n"""
        yield f"""
            INSERT INTO conversations (account_id, inbox_id, team_id, contact_id, subject, labels,
                                       created_at, last_activity_at, waiting_since)
            SELECT 1, 1, {team}, 1 + n % 10000, 'Where is my order ' || n || '?', '{{orders}}', at, at, at
            FROM generate_series(1, {self.waiting}) AS n,
              LATERAL (SELECT now() - interval '1 hour' + n * interval '10 ms' AS at) AS arrived"""
