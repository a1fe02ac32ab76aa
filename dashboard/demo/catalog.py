"""The demo account's agents, inboxes and teams, and its arriving conversations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from dashboard.demo.content import CUSTOMERS, DEPARTMENTS, LABELS, STAFF, Department
from dashboard.services.agents import agents
from dashboard.services.conversations.conversation_forms import ConversationDraft
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.inboxes import inboxes, teams
from dashboard.store.conversations.contacts import ContactDraft
from dashboard.store.core.paging import Page
from dashboard.store.helpdesks import masters

T = TypeVar("T")
EVERYTHING = Page(per_page=100)
FOR_A_TEAM, LABELLED = 0.2, 0.3


class Dice(Protocol):
    """A source of random choices; with the same seed it repeats them."""

    def random(self) -> float:
        """Return a number from 0 up to 1."""

    def uniform(self, a: float, b: float) -> float:
        """Return a number between a and b."""

    def choice(self, seq: Sequence[T]) -> T:
        """Return one element."""

    def choices(self, population: Sequence[T], weights: Sequence[float]) -> list[T]:
        """Return a list with one element, chosen by weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The demo account's ids by name; in the inboxes `elsewhere`, people work in a helpdesk."""

    account_id: int
    agents: Mapping[str, int]
    inboxes: Mapping[str, int]
    teams: Mapping[str, int]
    elsewhere: frozenset[int] = frozenset()

    @property
    def departments(self) -> tuple[Department, ...]:
        """Return the departments with an existing inbox; visitors may have removed or renamed inboxes."""
        return tuple(department for department in DEPARTMENTS if department.name in self.inboxes)


def places_of(work: UnitOfWork, account_id: int, now: datetime) -> Places:
    """Return the demo account's present agents, inboxes and teams."""
    people = agents.show_all(work, account_id, EVERYTHING, now=now).data
    places = {inbox.name: inbox.id for inbox in inboxes.show_all(work, account_id, EVERYTHING).data}
    return Places(
        account_id=account_id,
        agents={person.name: person.id for person in people if person.active and person.name in STAFF},
        inboxes=places,
        teams={team.name: team.id for team in teams.show_all(work, account_id, EVERYTHING).data},
        elsewhere=frozenset(masters.of_inboxes(work.session, account_id, places.values())),
    )


def arriving(places: Places, department: Department, dice: Dice, *, at: datetime) -> ConversationDraft:
    """Return a typical conversation of this department."""
    customer = dice.choice(CUSTOMERS)
    is_for_team = department.name == "Support" and places.teams and dice.random() < FOR_A_TEAM
    return ConversationDraft(
        inbox_id=places.inboxes[department.name],
        contact=ContactDraft(identifier=f"{customer.lower().replace(' ', '.')}@customer.example", name=customer),
        subject=dice.choice(department.subjects),
        priority=dice.choice((1, 2, 3, 3, 4, None)),
        team_id=dice.choice(tuple(places.teams.values())) if is_for_team else None,
        labels=(dice.choice(tuple(LABELS)),) if dice.random() < LABELLED else (),
        created_at=at,
    )
