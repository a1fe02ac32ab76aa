"""Who and what there is at the demo's desk, and what arrives there."""

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

T = TypeVar("T")
EVERYTHING = Page(per_page=100)
FOR_A_TEAM, LABELLED = 0.2, 0.3


class Dice(Protocol):
    """What decides by chance; seeded, it decides the same again."""

    def random(self) -> float:
        """Return a number from 0 up to 1."""

    def uniform(self, a: float, b: float) -> float:
        """Return a number between two."""

    def choice(self, seq: Sequence[T]) -> T:
        """Return one of these."""

    def choices(self, population: Sequence[T], weights: Sequence[float]) -> list[T]:
        """Return one of these in a list, by weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The demo account's ids by name."""

    account_id: int
    agents: Mapping[str, int]
    inboxes: Mapping[str, int]
    teams: Mapping[str, int]

    @property
    def departments(self) -> tuple[Department, ...]:
        """Return the departments that still have their inbox: visitors may change what they like."""
        return tuple(department for department in DEPARTMENTS if department.name in self.inboxes)


def places_of(work: UnitOfWork, account_id: int, now: datetime) -> Places:
    """Return who and what there is now."""
    people = agents.show_all(work, account_id, EVERYTHING, now=now).data
    return Places(
        account_id=account_id,
        agents={person.name: person.id for person in people if person.active and person.name in STAFF},
        inboxes={inbox.name: inbox.id for inbox in inboxes.show_all(work, account_id, EVERYTHING).data},
        teams={team.name: team.id for team in teams.show_all(work, account_id, EVERYTHING).data},
    )


def arriving(places: Places, department: Department, dice: Dice, *, at: datetime) -> ConversationDraft:
    """Return a conversation such as this department gets."""
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
