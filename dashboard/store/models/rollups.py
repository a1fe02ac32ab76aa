"""Sums for reports, instead of the ledger: closed hours by inbox, closed days by agent."""

from datetime import datetime

from sqlalchemy import Double, Index, Integer, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.store.models.base import AccountId, Base, InAccount, Instant, same_account


class WaitHistogram:
    """The waits of assigned conversations: `counts` by bucket, with the shortest and longest wait.

    `waits` has the buckets of an older release, which writes and reads only these.
    """

    waits: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    shortest: Mapped[float | None] = mapped_column(Double)
    longest: Mapped[float | None] = mapped_column(Double)
    counts: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))


class InboxHour(WaitHistogram, InAccount, Base):
    """The number of assignments in an hour, in one inbox, or without inbox in all of them.

    `median` and `ninetieth` are the 50 % and 90 % quantiles of the waits. Of the `due` assignments, those of
    conversations with a target, `met` came within it.
    """

    __tablename__ = "inbox_hours"
    __table_args__ = (
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        Index("ix_inbox_hours_inbox", "account_id", "inbox_id", "hour"),
    )

    inbox_id: Mapped[int | None]
    hour: Mapped[Instant]
    count: Mapped[int] = mapped_column(Integer)
    median: Mapped[float | None] = mapped_column(Double)
    ninetieth: Mapped[float | None] = mapped_column(Double)
    due: Mapped[int] = mapped_column(Integer, server_default="0")
    met: Mapped[int] = mapped_column(Integer, server_default="0")


class InboxDay(WaitHistogram, InAccount, Base):
    """The sum of an inbox's hours of one day (UTC)."""

    __tablename__ = "inbox_days"
    __table_args__ = (
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        Index("ix_inbox_days_inbox", "account_id", "inbox_id", "day"),
    )

    inbox_id: Mapped[int]
    day: Mapped[Instant]
    count: Mapped[int] = mapped_column(Integer)
    due: Mapped[int] = mapped_column(Integer, server_default="0")
    met: Mapped[int] = mapped_column(Integer, server_default="0")


class AgentDay(InAccount, Base):
    """An agent's assignments on a day (UTC), in one inbox, or without inbox in all of them."""

    __tablename__ = "agent_days"
    __table_args__ = (
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        same_account("agent_id", "account_users", ondelete="CASCADE"),
        Index(
            "ix_agent_days_inbox",
            "account_id",
            "inbox_id",
            "day",
            postgresql_include=["agent_id", "by_runs", "by_hand"],
        ),
        Index("ix_agent_days_agent", "account_id", "agent_id"),
    )

    inbox_id: Mapped[int | None]
    agent_id: Mapped[int]
    day: Mapped[Instant]
    by_runs: Mapped[int] = mapped_column(Integer)
    by_hand: Mapped[int] = mapped_column(Integer)


class SummedUntil(Base):
    """The hour up to which an account's ledger is summed; later rows are read from the ledger itself."""

    __tablename__ = "summed_until"
    __table_args__ = (PrimaryKeyConstraint("account_id"),)

    account_id: Mapped[AccountId]
    until: Mapped[datetime]
