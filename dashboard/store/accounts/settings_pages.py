"""Figures for the settings pages: routed inboxes, and labels with their conversations and capacity policies."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import any_, func, literal, select, text

from dashboard.engine.model import Status
from dashboard.store.core.page_values import Choice
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import CapacityPolicy, Conversation, Label
from dashboard.store.postgres.database import Session

ROUTED = text(
    """
    SELECT count(*) AS inboxes, coalesce(sum(w.waiting), 0) AS waiting
    FROM inboxes i
    JOIN inbox_assignment_policies l ON l.inbox_id = i.id
    JOIN assignment_policies p ON p.id = l.assignment_policy_id AND p.enabled
    CROSS JOIN LATERAL (
      SELECT count(*) AS waiting FROM conversations c
      WHERE c.inbox_id = i.id AND c.status = 'open' AND c.assignee_id IS NULL
    ) w
    WHERE i.account_id = :account_id AND i.enable_auto_assignment
    """
)
# Reads the open, labelled conversations once, for any number of labels. Unnesting in the select list takes 40 % of the
# time of a self-join.
LABELS = text(
    """
    WITH carried AS (
      SELECT label, count(*) AS open FROM (
        SELECT unnest(labels) AS label FROM conversations
        WHERE account_id = :account_id AND status = 'open' AND labels <> '{}'
      ) each_label
      GROUP BY label
    )
    SELECT l.id, l.title, l.color, coalesce(c.open, 0) AS open
    FROM labels l LEFT JOIN carried c ON c.label = l.title
    WHERE l.account_id = :account_id ORDER BY lower(l.title), l.id LIMIT :most OFFSET :skipped
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """The numbers of inboxes with their own three switches on, and of their waiting conversations."""

    inboxes: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLine:
    """A suggested label, with the number of its open conversations and the capacity policies that exclude it."""

    id: int
    title: str
    color: str | None
    open: int
    policies: tuple[Choice, ...]


def routed(session: Session, account_id: int) -> Routed:
    """Return the inboxes and waiting conversations that the account's switch affects."""
    row = session.execute(ROUTED, {"account_id": account_id}).one()
    return Routed(inboxes=row.inboxes, waiting=int(row.waiting))


def labels(session: Session, account_id: int, page: Page) -> Listed[LabelLine]:
    """Return one page of labels, by title."""
    excluding = _excluding(session, account_id)
    count = session.scalar(select(func.count()).select_from(Label).where(Label.account_id == account_id)) or 0
    asked = {"account_id": account_id, "most": page.per_page, "skipped": page.offset}
    lines = (LabelLine(**row._mapping, policies=excluding.get(row.title, ())) for row in session.execute(LABELS, asked))
    return listed(lines, count, page)


def label(session: Session, account_id: int, label_id: int) -> LabelLine | None:
    which = (Label.account_id == account_id, Label.id == label_id)
    row = session.execute(select(Label.id, Label.title, Label.color).where(*which)).one_or_none()
    if row is None:
        return None
    carrying = (
        Conversation.account_id == account_id,
        Conversation.status == Status.OPEN,
        func.cardinality(Conversation.labels) > 0,
        literal(row.title) == any_(Conversation.labels),
    )
    count = session.scalar(select(func.count()).select_from(Conversation).where(*carrying)) or 0
    return LabelLine(**row._mapping, open=count, policies=_excluding(session, account_id).get(row.title, ()))


def _excluding(session: Session, account_id: int) -> Mapping[str, tuple[Choice, ...]]:
    """Return the capacity policies by excluded label."""
    which = (CapacityPolicy.account_id == account_id, func.cardinality(CapacityPolicy.excluded_labels) > 0)
    wanted = select(CapacityPolicy.id, CapacityPolicy.name, CapacityPolicy.excluded_labels).where(*which)
    found: dict[str, tuple[Choice, ...]] = {}
    for row in session.execute(wanted.order_by(func.lower(CapacityPolicy.name), CapacityPolicy.id)):
        for title in row.excluded_labels:
            found[title] = (*found.get(title, ()), Choice(id=row.id, name=row.name))
    return found
