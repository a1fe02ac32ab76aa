"""Counters: totals since the start of records, independent of deleted rows, and open conversations."""

from enum import StrEnum

from sqlalchemy import Double, Index
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.store.models.base import Base, Id, word


class Measure(StrEnum):
    """The counted events: ledger rows by source, runs by outcome and reason, deliveries by result.

    Of helpdesks: webhooks by outcome, repairs by cause, writes by outcome, conflicts.
    """

    ASSIGNMENTS = "assignments"
    RUNS = "runs"
    DELIVERIES = "deliveries"
    HELPDESK_WEBHOOKS = "helpdesk_webhooks"
    HELPDESK_REPAIRS = "helpdesk_repairs"
    HELPDESK_WRITES = "helpdesk_writes"
    HELPDESK_CONFLICTS = "helpdesk_conflicts"


class MetricCounter(Base):
    """A number of events of one kind and their total seconds; rows of one kind are summed.

    `bucket` is the upper bound of each event's seconds, null without a duration.
    """

    __tablename__ = "tallies"

    id: Mapped[Id]
    measure: Mapped[Measure] = mapped_column(word(Measure, "measure"))
    word: Mapped[str]
    reason: Mapped[str | None]
    bucket: Mapped[float | None] = mapped_column(Double)
    count: Mapped[int]
    seconds: Mapped[float] = mapped_column(Double, server_default="0")


class OpenCount(Base):
    """A change (+ or -) in the number of open conversations of an inbox, team and assignee.

    Rows are summed. Triggers write them without foreign keys; the rows of a deleted account sum up to zero.
    """

    __tablename__ = "open_counts"
    __table_args__ = (Index(None, "account_id", "assignee_id", "inbox_id"),)

    id: Mapped[Id]
    account_id: Mapped[int]
    inbox_id: Mapped[int]
    team_id: Mapped[int | None]
    assignee_id: Mapped[int | None]
    count: Mapped[int]
