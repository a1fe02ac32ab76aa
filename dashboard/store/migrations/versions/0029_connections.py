"""Connections to helpdesks

New tables, and two columns of conversations that an older release leaves null. The foreign keys take five tables from
writers; whoever writes to them in another order would wait for ever, so each is waited for shortly, and all are given
back before the next attempt.
"""

import time

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError

revision = "0029"
down_revision = "0028"

ATTEMPTS = 100
PAUSE_SECONDS = 0.1
HELD_FOR = "ck_conversations_held_for"
MEASURES = (
    "assignments",
    "runs",
    "deliveries",
    "helpdesk_webhooks",
    "helpdesk_repairs",
    "helpdesk_writes",
    "helpdesk_conflicts",
)


def upgrade() -> None:
    take_tables()
    op.add_column("conversations", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversations", sa.Column("held_for", sa.String(40), nullable=True))
    # All rows have null: what needs no look at them need not hold up their readers.
    op.execute(
        f"ALTER TABLE conversations ADD CONSTRAINT {HELD_FOR} CHECK (held_for IN ('settling', 'hands_off')) NOT VALID"
    )
    op.create_table(
        "connections",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("chatwoot", "libredesk", "rt", name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "new",
                "importing",
                "ready",
                "degraded",
                "paused",
                "broken",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="new",
            nullable=False,
        ),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "note",
            sa.Enum("off", "note", "attribute", name="note", native_enum=False, create_constraint=True, length=40),
            server_default="off",
            nullable=False,
        ),
        sa.Column("keep_names", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("quiet_seconds", sa.BigInteger(), server_default="3", nullable=False),
        sa.Column("calls_per_second", sa.BigInteger(), server_default="5", nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("own_id", sa.Text(), nullable=True),
        sa.Column("ahead_seconds", sa.Double(), server_default="0", nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=True),
        sa.Column("last_webhook_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("setup_marks", sa.Text(), nullable=True),
        sa.Column("setup_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("presence_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_cursor", sa.Text(), nullable=True),
        sa.Column("open_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("open_total", sa.BigInteger(), nullable=True),
        sa.Column("open_began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("switched_off", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("question", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("open_pages", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint("calls_per_second BETWEEN 1 AND 1000", name=op.f("ck_connections_calls_range")),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 255", name=op.f("ck_connections_name_length")),
        sa.CheckConstraint("quiet_seconds BETWEEN 0 AND 30", name=op.f("ck_connections_quiet_range")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_connections_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_connections_account_id_id")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_connections_account_id_name")),
    )
    op.create_table(
        "connected_inboxes",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "mode",
            sa.Enum("off", "shadow", "live", name="mode", native_enum=False, create_constraint=True, length=40),
            server_default="off",
            nullable=False,
        ),
        sa.Column("own_assignment", sa.Boolean(), nullable=True),
        sa.Column("group_id", sa.Text(), nullable=True),
        sa.Column("waiting", sa.BigInteger(), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "connection_id"],
            ["connections.account_id", "connections.id"],
            name=op.f("fk_connected_inboxes_account_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "inbox_id"],
            ["inboxes.account_id", "inboxes.id"],
            name=op.f("fk_connected_inboxes_account_id_inbox_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_connected_inboxes_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_connected_inboxes")),
        sa.UniqueConstraint("inbox_id", name=op.f("uq_connected_inboxes_inbox_id")),
    )
    op.create_table(
        "connected_teams",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("own_assignment", sa.Boolean(), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "connection_id"],
            ["connections.account_id", "connections.id"],
            name=op.f("fk_connected_teams_account_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "team_id"],
            ["teams.account_id", "teams.id"],
            name=op.f("fk_connected_teams_account_id_team_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_connected_teams_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_connected_teams")),
        sa.UniqueConstraint("team_id", name=op.f("uq_connected_teams_team_id")),
    )
    op.create_table(
        "connection_events",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "webhook",
                "repair",
                "poll",
                "write",
                "conflict",
                "state",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("display_id", sa.Text(), nullable=True),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("owner_changed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("owner_before", sa.Text(), nullable=True),
        sa.Column("owner_after", sa.Text(), nullable=True),
        sa.Column("pending", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "connection_id"],
            ["connections.account_id", "connections.id"],
            name=op.f("fk_connection_events_account_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_connection_events_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_events")),
    )
    op.create_index("ix_connection_events_at", "connection_events", ["at"], unique=False)
    op.create_index(
        "ix_connection_events_newest",
        "connection_events",
        ["connection_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_connection_events_of", "connection_events", ["connection_id", "external_id", "id"], unique=False
    )
    op.create_index(
        "ix_connection_events_of_display", "connection_events", ["connection_id", "display_id", "id"], unique=False
    )
    op.create_index(
        "ix_connection_events_pending",
        "connection_events",
        ["connection_id", "id"],
        unique=False,
        postgresql_where=sa.text("pending"),
    )
    op.create_table(
        "connected_agents",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("ignored", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "presence",
            sa.Enum(
                "online",
                "busy",
                "offline",
                "away",
                "away_manual",
                "away_and_reassigning",
                name="presence",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("offline_reads", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "agent_id"],
            ["account_users.account_id", "account_users.user_id"],
            name=op.f("fk_connected_agents_account_id_agent_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "connection_id"],
            ["connections.account_id", "connections.id"],
            name=op.f("fk_connected_agents_account_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_connected_agents_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_connected_agents")),
    )
    op.create_index("uq_connected_agents_agent", "connected_agents", ["connection_id", "agent_id"], unique=True)
    op.create_table(
        "connected_conversations",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("display_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_external_id", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "pending",
                "snoozed",
                "resolved",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("taken", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_waiting_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "connection_id"],
            ["connections.account_id", "connections.id"],
            name=op.f("fk_connected_conversations_account_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "conversation_id"],
            ["conversations.account_id", "conversations.id"],
            name=op.f("fk_connected_conversations_account_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_connected_conversations_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_connected_conversations")),
        sa.UniqueConstraint("conversation_id", name=op.f("uq_connected_conversations_conversation_id")),
    )
    op.create_index(
        "ix_connected_conversations_open",
        "connected_conversations",
        ["connection_id"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "uq_connected_conversations_display", "connected_conversations", ["connection_id", "display_id"], unique=True
    )
    op.create_table(
        "connection_conflicts",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "connection_id"],
            ["connections.account_id", "connections.id"],
            name=op.f("fk_connection_conflicts_account_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "conversation_id"],
            ["conversations.account_id", "conversations.id"],
            name=op.f("fk_connection_conflicts_account_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_connection_conflicts_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_conflicts")),
    )
    op.create_index(
        "ix_connection_conflicts_newest",
        "connection_conflicts",
        ["connection_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_connection_conflicts_of", "connection_conflicts", ["conversation_id", "id"], unique=False)
    op.create_table(
        "helpdesk_writes",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "claim",
                "release",
                "by_hand",
                "put_back",
                name="write_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("expected_assignee", sa.Text(), nullable=True),
        sa.Column("expected_team", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "writing",
                "written",
                "lost_race",
                "refused",
                "failed",
                name="write_state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="writing",
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note_due", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("note_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "connection_id"],
            ["connections.account_id", "connections.id"],
            name=op.f("fk_helpdesk_writes_account_id_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "conversation_id"],
            ["conversations.account_id", "conversations.id"],
            name=op.f("fk_helpdesk_writes_account_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_helpdesk_writes_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helpdesk_writes")),
    )
    op.create_index("ix_helpdesk_writes_at", "helpdesk_writes", ["at"], unique=False)
    op.create_index(
        "ix_helpdesk_writes_unconfirmed",
        "helpdesk_writes",
        ["connection_id", "id"],
        postgresql_where=sa.text("state = 'written' AND confirmed_at IS NULL"),
    )
    op.create_index(
        "ix_helpdesk_writes_open_of",
        "helpdesk_writes",
        ["conversation_id", "id"],
        postgresql_where=sa.text("confirmed_at IS NULL AND state IN ('writing', 'written')"),
    )
    op.create_index(
        "ix_helpdesk_writes_due",
        "helpdesk_writes",
        ["connection_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'writing'"),
    )
    op.create_index(
        "ix_helpdesk_writes_newest", "helpdesk_writes", ["connection_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(
        "ix_helpdesk_writes_notes",
        "helpdesk_writes",
        ["connection_id", "id"],
        unique=False,
        postgresql_where=sa.text("note_due"),
    )
    op.create_index(
        "ix_helpdesk_writes_of", "helpdesk_writes", ["conversation_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_table(
        "shadow_decisions",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by_id", sa.BigInteger(), nullable=True),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "agent_id"],
            ["account_users.account_id", "account_users.user_id"],
            name=op.f("fk_shadow_decisions_account_id_agent_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "conversation_id"],
            ["conversations.account_id", "conversations.id"],
            name=op.f("fk_shadow_decisions_account_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "inbox_id"],
            ["inboxes.account_id", "inboxes.id"],
            name=op.f("fk_shadow_decisions_account_id_inbox_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "taken_by_id"],
            ["account_users.account_id", "account_users.user_id"],
            name=op.f("fk_shadow_decisions_account_id_taken_by_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_shadow_decisions_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_decisions")),
    )
    op.create_index("ix_shadow_decisions_at", "shadow_decisions", ["at"], unique=False)
    op.create_index(
        "ix_shadow_decisions_inbox", "shadow_decisions", ["inbox_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(
        "ix_shadow_decisions_of", "shadow_decisions", ["conversation_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(
        "uq_shadow_decisions_open",
        "shadow_decisions",
        ["conversation_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_constraint(op.f("ck_tallies_measure"), "tallies", type_="check")
    words = ", ".join(f"'{word}'" for word in MEASURES)
    op.create_check_constraint(op.f("ck_tallies_measure"), "tallies", f"measure IN ({words})")


def take_tables() -> None:
    """Take the tables all at once, or none of them."""
    for left in reversed(range(ATTEMPTS)):
        try:
            with op.get_bind().begin_nested():
                # Shorter than Postgres takes to call it a deadlock and end somebody else's transaction.
                op.execute("SET LOCAL lock_timeout = '500ms'")
                op.execute("LOCK TABLE conversations, tallies IN ACCESS EXCLUSIVE MODE")
                op.execute("LOCK TABLE account_users, accounts, inboxes, teams IN SHARE ROW EXCLUSIVE MODE")
        except OperationalError:
            if not left:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return
