"""What reports read instead of the ledger: closed hours by inbox, closed days by agent."""

from datetime import datetime

from sqlalchemy import Double, Index, Integer, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.store.models.base import AccountId, Base, InAccount, Instant, same_account


class WaitHistogram:
    """The waits of the conversations that were assigned: `counts` of them by bucket, and the ends.

    `waits` are the counts that an older release reads, whose own rows have nothing else.
    """

    waits: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    shortest: Mapped[float | None] = mapped_column(Double)
    longest: Mapped[float | None] = mapped_column(Double)
    counts: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))


class InboxHour(WaitHistogram, InAccount, Base):
    """The number of conversations that were assigned in an hour, in one inbox or, without, in all.

    Of those that waited, half waited no longer than the median, and nine of ten no longer than the ninetieth.
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


class InboxDay(WaitHistogram, InAccount, Base):
    """An inbox's hours of one day (UTC) in one."""

    __tablename__ = "inbox_days"
    __table_args__ = (
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        Index("ix_inbox_days_inbox", "account_id", "inbox_id", "day"),
    )

    inbox_id: Mapped[int]
    day: Mapped[Instant]
    count: Mapped[int] = mapped_column(Integer)


class AgentDay(InAccount, Base):
    """How many an agent was given on a day (UTC), in one inbox or, without inbox, in all of them."""

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
    """Up to which hour the ledger of an account is summed; what is later is read from the ledger itself."""

    __tablename__ = "summed_until"
    __table_args__ = (PrimaryKeyConstraint("account_id"),)

    account_id: Mapped[AccountId]
    until: Mapped[datetime]
