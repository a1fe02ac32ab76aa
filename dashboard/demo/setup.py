"""Sets up the demo account: agents, inboxes, teams, policies, and some waiting conversations."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dashboard.demo.catalog import EVERYTHING, Dice, Places, arriving, places_of
from dashboard.demo.content import (
    ADDRESS,
    CAPACITIES,
    CREWS,
    DEPARTMENTS,
    LABELS,
    POLICIES,
    STAFF,
    Limits,
    address_of,
)
from dashboard.engine.model import Role
from dashboard.services.accounts.account_forms import AgentEdit
from dashboard.services.agents import agents
from dashboard.services.conversations import conversations, labels
from dashboard.services.conversations.conversation_forms import ConversationDraft
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.inboxes import inboxes, members, teams
from dashboard.services.inboxes.inbox_forms import InboxEdit, MemberIds, NewLabel, TeamEdit
from dashboard.services.inboxes.members import MemberChange, Owner, OwnerKind
from dashboard.services.policies import assignment_policies, capacity_limits, capacity_policies
from dashboard.services.policies.policy_forms import (
    AgentChoice,
    CapacityPolicyEdit,
    ExclusionsEdit,
    InboxLimitEdit,
    PolicyChoice,
)
from dashboard.store.accounts import id_checks
from dashboard.store.conversations.lists import ConversationFilter
from dashboard.store.core.paging import Page

OLDEST_WAIT = timedelta(minutes=25)


def furnish(work: UnitOfWork, dice: Dice, *, now: datetime) -> Places | None:
    """Return the demo account's ids, None without a demo account; an account without conversations is set up first."""
    account_id = id_checks.account_with(work.session, ADDRESS)
    if account_id is None:
        return None
    if not conversations.listing(work, account_id, ConversationFilter(), Page(per_page=1)).data:
        Furnisher(work=work, account_id=account_id, now=now).furnish(dice)
    return places_of(work, account_id, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnisher:
    """Creates the content of one account; leaves the rows of an interrupted set-up as they are."""

    work: UnitOfWork
    account_id: int
    now: datetime

    def furnish(self, dice: Dice) -> None:
        """Create everything. The waiting conversations come last: their presence proves that the set-up is complete."""
        self._people_and_places()
        places = places_of(self.work, self.account_id, self.now)
        self._members(places)
        self._policies(places)
        for limits in CAPACITIES:
            self._capacity(limits, places)
        backlog = list(self._backlog(places, dice))
        self._do(conversations.create_bulk, backlog)

    def _people_and_places(self) -> None:
        for name in STAFF:
            self._do(agents.create, AgentEdit(name=name, email=address_of(name), role=Role.AGENT))
        for title, color in LABELS.items():
            self._do(labels.create, NewLabel(title=title, color=color))
        places = places_of(self.work, self.account_id, self.now)
        for department in DEPARTMENTS:
            if department.name not in places.inboxes:
                self._do(inboxes.create, InboxEdit(name=department.name, channel=department.channel))
        for crew in CREWS:
            if crew.name not in places.teams:
                most = crew.max_auto_assigned_conversations
                edit = TeamEdit(
                    name=crew.name, assignment_type=crew.assignment_type, max_auto_assigned_conversations=most
                )
                self._do(teams.create, edit)

    def _members(self, places: Places) -> None:
        wholes = [(OwnerKind.INBOX, places.inboxes[one.name], one.members) for one in DEPARTMENTS]
        wholes += [(OwnerKind.TEAM, places.teams[crew.name], crew.members) for crew in CREWS]
        for group, whole_id, names in wholes:
            wanted = MemberIds(user_ids=tuple(places.agents[name] for name in names))
            self._do(members.change, Owner(group, whole_id), wanted, way=MemberChange.REPLACE)

    def _policies(self, places: Places) -> None:
        for rules in POLICIES:
            self._do(assignment_policies.create, rules)
        made = {row.name: row.id for row in assignment_policies.show_all(self.work, self.account_id, EVERYTHING).data}
        for department in DEPARTMENTS:
            choice = PolicyChoice(assignment_policy_id=made[department.policy])
            self._do(assignment_policies.link, places.inboxes[department.name], choice)

    def _capacity(self, limits: Limits, places: Places) -> None:
        edit = CapacityPolicyEdit(
            name=limits.name,
            description=limits.description,
            conversation_limit=limits.conversation_limit,
            exclusion_rules=ExclusionsEdit(excluded_labels=limits.excluded_labels),
        )
        self._do(capacity_policies.create, edit)
        made = {row.name: row.id for row in capacity_policies.show_all(self.work, self.account_id, EVERYTHING).data}
        for inbox, most in limits.by_inbox.items():
            limit = InboxLimitEdit(inbox_id=places.inboxes[inbox], conversation_limit=most)
            self._do(capacity_limits.create, made[limits.name], limit)
        for name in limits.members:
            choice = AgentChoice(user_id=places.agents[name])
            self._do(capacity_limits.assign_policy, made[limits.name], choice)

    def _backlog(self, places: Places, dice: Dice) -> Iterable[ConversationDraft]:
        """Yield some waiting conversations for every department, created in the last 25 minutes."""
        for department in places.departments:
            for _ in range(department.most_waiting // 2 + 1):
                waited_for = OLDEST_WAIT * dice.random()
                yield arriving(places, department, dice, at=self.now - waited_for)

    def _do(self, service: Callable[..., object], *what: Any, **how: Any) -> None:
        """Ask a service, in a unit of work of its own; that what is there already is refused is as it should be."""
        self.work.finished(service(self.work, self.account_id, *what, **how, actor_id=None, now=self.now))
