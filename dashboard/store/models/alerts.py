"""Alert rules, the alerts that they opened, and the channels that receive them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.store.models.base import Base, CreatedAt, InAccount, Instant, same_account, word


class NoticeKind(StrEnum):
    """The occasion of a notice: an alert opened or closed, or a person tests the channel."""

    OPENED = "opened"
    CLOSED = "closed"
    TEST = "test"


class AlertChannel(InAccount, Base):
    """A receiver of alerts. `sealed` is its address in apprise's form, encrypted; `service` names the service."""

    __tablename__ = "alert_channels"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        UniqueConstraint("account_id", "name"),
        CheckConstraint("char_length(name) BETWEEN 1 AND 255", "name_length"),
    )

    name: Mapped[str]
    service: Mapped[str]
    sealed: Mapped[str]
    created_at: Mapped[CreatedAt]


class AlertRule(InAccount, Base):
    """A condition that opens alerts; without `inbox_id`, of any inbox. `kind` is a word of the register of kinds."""

    __tablename__ = "alert_rules"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        Index("ix_alert_rules_enabled", "account_id", postgresql_where=text("enabled")),
    )

    kind: Mapped[str]
    threshold: Mapped[int | None]
    minutes: Mapped[int | None]
    inbox_id: Mapped[int | None]
    channel_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    enabled: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    created_at: Mapped[CreatedAt]


class Alert(InAccount, Base):
    """A condition that was found, until it was well for a while; `well_since` is null while it is not well.

    It survives its rule. While it is open, the rule has no second one for the same inbox.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        same_account("inbox_id", "inboxes", ondelete="CASCADE"),
        Index(
            "uq_alerts_open",
            "rule_id",
            text("coalesce(inbox_id, 0)"),
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_alerts_open", "account_id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_alerts_newest", "account_id", text("id DESC")),
        Index("ix_alerts_closed_at", "closed_at"),
    )

    rule_id: Mapped[int | None] = mapped_column(ForeignKey("alert_rules.id", ondelete="SET NULL"))
    kind: Mapped[str]
    inbox_id: Mapped[int | None]
    sentence: Mapped[str]
    opened_at: Mapped[Instant]
    well_since: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class AlertNotice(InAccount, Base):
    """One message for one channel, with its result; `ended_at` is null until it is accepted or given up.

    `tried_at` is the end of the last attempt.
    """

    __tablename__ = "alert_notices"
    __table_args__ = (
        same_account("channel_id", "alert_channels", ondelete="CASCADE"),
        same_account("alert_id", "alerts", ondelete="CASCADE"),
        Index("ix_alert_notices_due", "due_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_alert_notices_channel", "channel_id", text("id DESC")),
        Index("ix_alert_notices_alert", "alert_id", "id"),
    )

    channel_id: Mapped[int]
    alert_id: Mapped[int | None]
    kind: Mapped[NoticeKind] = mapped_column(word(NoticeKind, "kind"))
    created_at: Mapped[Instant]
    due_at: Mapped[Instant]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    tried_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    error: Mapped[str | None]
