"""How often something happened since records began, whatever has been removed since."""

from enum import StrEnum

from sqlalchemy import Double, Index
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.store.models.base import Base, Id, word


class Measure(StrEnum):
    """What is tallied: ledger rows by source, runs by outcome and reason, deliveries by how they ended."""

    ASSIGNMENTS = "assignments"
    RUNS = "runs"
    DELIVERIES = "deliveries"


class MetricCounter(Base):
    """So many of a kind, and the seconds they took in all; rows of one kind add up.

    `bucket` is the upper bound that each one's seconds fall under, null where none were taken.
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
    """So many more, or fewer, are open in an inbox, of a team or of none, with an agent or waiting for one.

    Rows add up. Triggers write them, and no foreign key is asked about each: those of an account that goes add up to
    nothing.
    """

    __tablename__ = "open_counts"
    __table_args__ = (Index(None, "account_id", "assignee_id", "inbox_id"),)

    id: Mapped[Id]
    account_id: Mapped[int]
    inbox_id: Mapped[int]
    team_id: Mapped[int | None]
    assignee_id: Mapped[int | None]
    count: Mapped[int]
