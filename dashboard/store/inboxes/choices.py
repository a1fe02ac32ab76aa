"""Options of pages' filters and forms."""

from dataclasses import dataclass

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import aliased

from dashboard.store.core.page_values import Choice
from dashboard.store.models import AccountUser, AssignmentPolicy, CapacityPolicy, Inbox, InboxMember, Label, Team
from dashboard.store.postgres.database import Session

# The number of suggested agents before any input.
SUGGESTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """An account's inboxes, teams and suggested labels, by name."""

    inboxes: tuple[Choice, ...]
    teams: tuple[Choice, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedChoice:
    """An active agent for an input field; `shared` is True if another active agent has the same name."""

    id: int
    name: str
    shared: bool

    @property
    def typed(self) -> str:
        """Return the input that names only this agent."""
        return f"{self.name} #{self.id}" if self.shared else self.name


def of_account(session: Session, account_id: int) -> Choices:
    """Return the account's filter options, with one query per kind."""
    return Choices(
        inboxes=inboxes(session, account_id),
        teams=teams(session, account_id),
        labels=labels(session, account_id),
    )


def agents(session: Session, account_id: int) -> tuple[Choice, ...]:
    wanted = select(AccountUser.user_id, AccountUser.name).where(AccountUser.account_id == account_id)
    rows = session.execute(wanted.where(AccountUser.active).order_by(func.lower(AccountUser.name), AccountUser.user_id))
    return tuple(Choice(id=row.user_id, name=row.name) for row in rows)


def called(
    session: Session, account_id: int, text: str = "", *, most: int = SUGGESTED, inbox_id: int | None = None
) -> tuple[NamedChoice, ...]:
    """Return the first active agents with this text in their names: exact names, then prefixes, then inbox members."""
    name, active = func.lower(AccountUser.name), (AccountUser.account_id == account_id, AccountUser.active)
    here = exists().where(InboxMember.inbox_id == inbox_id, InboxMember.user_id == AccountUser.user_id)
    near = case(
        (name == text.lower(), 0), (AccountUser.name.istartswith(text, autoescape=True) & (text != ""), 1), else_=2
    )
    sharing = select(name.label("name")).where(*active).group_by(name).having(func.count() > 1)
    rows = session.execute(
        select(AccountUser.user_id.label("id"), AccountUser.name, name.in_(sharing).label("shared"))
        .where(*active, AccountUser.name.icontains(text, autoescape=True))
        .order_by(near, here.desc(), name, AccountUser.user_id)
        .limit(most)
    )
    return tuple(NamedChoice(**row._mapping) for row in rows)


def agent(session: Session, account_id: int, agent_id: int) -> NamedChoice | None:
    """Return an active agent for an input field."""
    other = aliased(AccountUser)
    shared = exists().where(
        other.account_id == account_id,
        other.active,
        other.user_id != AccountUser.user_id,
        func.lower(other.name) == func.lower(AccountUser.name),
    )
    row = session.execute(
        select(AccountUser.user_id.label("id"), AccountUser.name, shared.label("shared")).where(
            AccountUser.account_id == account_id, AccountUser.user_id == agent_id, AccountUser.active
        )
    ).one_or_none()
    return NamedChoice(**row._mapping) if row else None


def inboxes(session: Session, account_id: int) -> tuple[Choice, ...]:
    return _named(session, Inbox, account_id)


def teams(session: Session, account_id: int) -> tuple[Choice, ...]:
    return _named(session, Team, account_id)


def policies(session: Session, account_id: int) -> tuple[Choice, ...]:
    return _named(session, AssignmentPolicy, account_id)


def capacity_policies(session: Session, account_id: int) -> tuple[Choice, ...]:
    return _named(session, CapacityPolicy, account_id)


def count_inboxes(session: Session, account_id: int) -> int:
    return session.scalar(select(func.count()).select_from(Inbox).where(Inbox.account_id == account_id)) or 0


def labels(session: Session, account_id: int) -> tuple[str, ...]:
    """Return the account's suggested labels."""
    wanted = select(Label.title).where(Label.account_id == account_id)
    return tuple(session.scalars(wanted.order_by(func.lower(Label.title), Label.id)))


def _named(
    session: Session, model: type[Inbox | Team | AssignmentPolicy | CapacityPolicy], account_id: int
) -> tuple[Choice, ...]:
    wanted = select(model.id, model.name).where(model.account_id == account_id)
    rows = session.execute(wanted.order_by(func.lower(model.name), model.id))
    return tuple(Choice(id=row.id, name=row.name) for row in rows)
