"""Alerts

Four new tables; an older release that serves meanwhile does not know them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.create_table(
        "alert_channels",
        *_own_columns("alert_channels"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_alert_channels_account_id_name")),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 255", name=op.f("ck_alert_channels_name_length")),
    )
    op.create_table(
        "alert_rules",
        *_own_columns("alert_rules"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("threshold", sa.BigInteger(), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_ids", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        _same_account("alert_rules", "inbox_id", "inboxes"),
    )
    op.create_index("ix_alert_rules_enabled", "alert_rules", ["account_id"], postgresql_where=sa.text("enabled"))
    op.create_table(
        "alerts",
        *_own_columns("alerts"),
        sa.Column("rule_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("well_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        _same_account("alerts", "inbox_id", "inboxes"),
        sa.ForeignKeyConstraint(["rule_id"], ["alert_rules.id"], name=op.f("fk_alerts_rule_id"), ondelete="SET NULL"),
    )
    is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["rule_id", sa.text("coalesce(inbox_id, 0)")],
        unique=True,
        postgresql_where=is_open,
    )
    op.create_index("ix_alerts_open", "alerts", ["account_id"], postgresql_where=is_open)
    op.create_index("ix_alerts_newest", "alerts", ["account_id", sa.text("id DESC")])
    op.create_index("ix_alerts_closed_at", "alerts", ["closed_at"])
    _add_notices()


def _add_notices() -> None:
    kind = sa.Enum("opened", "closed", "test", name="kind", native_enum=False, create_constraint=True, length=40)
    op.create_table(
        "alert_notices",
        *_own_columns("alert_notices", unique=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", kind, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        _same_account("alert_notices", "channel_id", "alert_channels"),
        _same_account("alert_notices", "alert_id", "alerts"),
    )
    pending = sa.text("ended_at IS NULL")
    op.create_index("ix_alert_notices_due", "alert_notices", ["due_at"], postgresql_where=pending)
    op.create_index("ix_alert_notices_channel", "alert_notices", ["channel_id", sa.text("id DESC")])
    op.create_index("ix_alert_notices_alert", "alert_notices", ["alert_id", "id"])


def _own_columns(table: str, *, unique: bool = True) -> list[sa.schema.SchemaItem]:
    """Return the id and the account of a table, with their keys."""
    items: list[sa.schema.SchemaItem] = [
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f(f"fk_{table}_account_id"), ondelete="CASCADE"
        ),
    ]
    if unique:
        items.append(sa.UniqueConstraint("account_id", "id", name=op.f(f"uq_{table}_account_id_id")))
    return items


def _same_account(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id", column],
        [f"{target}.account_id", f"{target}.id"],
        name=op.f(f"fk_{table}_account_id_{column}"),
        ondelete="CASCADE",
    )
