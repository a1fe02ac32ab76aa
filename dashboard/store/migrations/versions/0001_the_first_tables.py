"""The first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("assignment_v2", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("stranded_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stranded_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 255", name=op.f("ck_accounts_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("session_epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_lower")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "agent_capacity_policies",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("conversation_limit", sa.BigInteger(), nullable=True),
        sa.Column("excluded_labels", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("exclude_older_than_hours", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 255", name=op.f("ck_agent_capacity_policies_name_length")),
        sa.CheckConstraint(
            "conversation_limit BETWEEN 0 AND 100000", name=op.f("ck_agent_capacity_policies_limit_range")
        ),
        sa.CheckConstraint(
            "exclude_older_than_hours BETWEEN 1 AND 87600", name=op.f("ck_agent_capacity_policies_hours_range")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_agent_capacity_policies_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_capacity_policies")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_agent_capacity_policies_account_id_id")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_agent_capacity_policies_account_id_name")),
    )
    op.create_table(
        "assignment_policies",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column(
            "assignment_order",
            sa.Enum(
                "round_robin", "balanced", name="assignment_order", native_enum=False, create_constraint=True, length=40
            ),
            server_default="round_robin",
            nullable=False,
        ),
        sa.Column(
            "conversation_priority",
            sa.Enum(
                "earliest_created",
                "longest_waiting",
                name="conversation_priority",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="earliest_created",
            nullable=False,
        ),
        sa.Column("fair_distribution_limit", sa.BigInteger(), nullable=True),
        sa.Column("fair_distribution_window", sa.BigInteger(), server_default="3600", nullable=True),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("eligible_presence", postgresql.ARRAY(sa.Text()), server_default="{online}", nullable=False),
        sa.Column("one_agent_per_contact", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 255", name=op.f("ck_assignment_policies_name_length")),
        sa.CheckConstraint(
            "fair_distribution_limit BETWEEN 0 AND 100000", name=op.f("ck_assignment_policies_limit_range")
        ),
        sa.CheckConstraint(
            "fair_distribution_window BETWEEN 1 AND 86400000", name=op.f("ck_assignment_policies_window_range")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_assignment_policies_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_policies")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_assignment_policies_account_id_id")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_assignment_policies_account_id_name")),
    )
    op.create_table(
        "assignment_policy_versions",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_assignment_policy_versions_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("policy_id", "version", name=op.f("pk_assignment_policy_versions")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=True),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_audit_entries_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(
        "ix_audit_entries_account", "audit_entries", ["account_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index("ix_audit_entries_subject", "audit_entries", ["account_id", "subject", "subject_id"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_contacts_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_contacts_account_id_id")),
        sa.UniqueConstraint("account_id", "identifier", name=op.f("uq_contacts_account_id_identifier")),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_idempotent_answers_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "route", "key", name=op.f("pk_idempotent_answers")),
    )
    op.create_index(op.f("ix_idempotent_answers_created_at"), "idempotent_answers", ["created_at"], unique=False)
    op.create_table(
        "inboxes",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("enable_auto_assignment", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 255", name=op.f("ck_inboxes_name_length")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_inboxes_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inboxes")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_inboxes_account_id_id")),
    )
    op.create_table(
        "labels",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint("char_length(title) BETWEEN 1 AND 100", name=op.f("ck_labels_title_length")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_labels_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
        sa.UniqueConstraint("account_id", "title", name=op.f("uq_labels_account_id_title")),
    )
    op.create_table(
        "outbox_events",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_outbox_events_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_events")),
    )
    op.create_index("ix_outbox_events_conversation", "outbox_events", ["conversation_id", "id"], unique=False)
    op.create_index(
        "ix_outbox_events_pending",
        "outbox_events",
        ["account_id", "id"],
        unique=False,
        postgresql_where=sa.text("dispatched_at IS NULL"),
    )
    op.create_table(
        "teams",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "assignment_type",
            sa.Enum(
                "round_robin", "manual", name="assignment_type", native_enum=False, create_constraint=True, length=40
            ),
            server_default="round_robin",
            nullable=False,
        ),
        sa.Column("max_auto_assigned_conversations", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 255", name=op.f("ck_teams_name_length")),
        sa.CheckConstraint("max_auto_assigned_conversations BETWEEN 0 AND 100000", name=op.f("ck_teams_max_range")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_teams_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_teams_account_id_id")),
    )
    op.create_table(
        "webhooks",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("subscriptions", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_webhooks_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index("uq_webhooks_account_id_id", "webhooks", ["account_id", "id"], unique=True)
    op.create_table(
        "account_users",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "agent",
                "supervisor",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "availability",
            sa.Enum(
                "online",
                "busy",
                "offline",
                "away",
                "away_manual",
                "away_and_reassigning",
                name="availability",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="online",
            nullable=False,
        ),
        sa.Column("availability_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("auto_offline", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("agent_capacity_policy_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 255", name=op.f("ck_account_users_name_length")),
        sa.ForeignKeyConstraint(
            ["account_id", "agent_capacity_policy_id"],
            ["agent_capacity_policies.account_id", "agent_capacity_policies.id"],
            name=op.f("fk_account_users_account_id_agent_capacity_policy_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_users_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_account_users_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "user_id", name=op.f("pk_account_users")),
    )
    op.create_index(
        op.f("ix_account_users_agent_capacity_policy_id"), "account_users", ["agent_capacity_policy_id"], unique=False
    )
    op.create_index(op.f("ix_account_users_user_id"), "account_users", ["user_id"], unique=False)
    op.create_table(
        "inbox_assignment_policies",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("assignment_policy_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "assignment_policy_id"],
            ["assignment_policies.account_id", "assignment_policies.id"],
            name=op.f("fk_inbox_assignment_policies_account_id_assignment_policy_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "inbox_id"],
            ["inboxes.account_id", "inboxes.id"],
            name=op.f("fk_inbox_assignment_policies_account_id_inbox_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_inbox_assignment_policies_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("inbox_id", name=op.f("pk_inbox_assignment_policies")),
    )
    op.create_index(
        op.f("ix_inbox_assignment_policies_assignment_policy_id"),
        "inbox_assignment_policies",
        ["assignment_policy_id"],
        unique=False,
    )
    op.create_table(
        "inbox_capacity_limits",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_capacity_policy_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_limit", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(
            "conversation_limit BETWEEN 0 AND 100000", name=op.f("ck_inbox_capacity_limits_limit_range")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "agent_capacity_policy_id"],
            ["agent_capacity_policies.account_id", "agent_capacity_policies.id"],
            name=op.f("fk_inbox_capacity_limits_account_id_agent_capacity_policy_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "inbox_id"],
            ["inboxes.account_id", "inboxes.id"],
            name=op.f("fk_inbox_capacity_limits_account_id_inbox_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_inbox_capacity_limits_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_capacity_limits")),
        sa.UniqueConstraint(
            "agent_capacity_policy_id",
            "inbox_id",
            name=op.f("uq_inbox_capacity_limits_agent_capacity_policy_id_inbox_id"),
        ),
    )
    op.create_index(op.f("ix_inbox_capacity_limits_inbox_id"), "inbox_capacity_limits", ["inbox_id"], unique=False)
    op.create_table(
        "runs",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "realtime",
                "periodic",
                "manual",
                "wakeup",
                "by_hand",
                "release",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum("assigned", "stop", "error", name="outcome", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column(
            "reason",
            sa.Enum(
                "nothing_waiting",
                "feature_off",
                "no_policy",
                "policy_disabled",
                "inbox_off",
                "team_manual",
                "no_members",
                "nobody_online",
                "all_rate_limited",
                "all_at_capacity",
                "not_open",
                "already_assigned",
                "excluded_label",
                "excluded_age",
                "contact_being_served",
                "lost_race",
                "store_unavailable",
                "internal_error",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("waiting_before", sa.BigInteger(), nullable=True),
        sa.Column("assigned_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("left_waiting", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint("(finished_at IS NULL) = (outcome IS NULL)", name=op.f("ck_runs_outcome_when_finished")),
        sa.ForeignKeyConstraint(
            ["account_id", "inbox_id"],
            ["inboxes.account_id", "inboxes.id"],
            name=op.f("fk_runs_account_id_inbox_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_runs_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index("ix_runs_account", "runs", ["account_id", sa.literal_column("id DESC")], unique=False)
    op.create_index("ix_runs_inbox", "runs", ["inbox_id", sa.literal_column("id DESC")], unique=False)
    op.create_index("ix_runs_job", "runs", ["job_id"], unique=False)
    op.create_table(
        "webhook_deliveries",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending", "delivered", "parked", name="status", native_enum=False, create_constraint=True, length=40
            ),
            server_default="pending",
            nullable=False,
        ),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_status", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "webhook_id"],
            ["webhooks.account_id", "webhooks.id"],
            name=op.f("fk_webhook_deliveries_account_id_webhook_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_webhook_deliveries_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["outbox_events.id"], name=op.f("fk_webhook_deliveries_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_webhook_deliveries_order", "webhook_deliveries", ["webhook_id", "conversation_id", "event_id"], unique=False
    )
    op.create_index("uq_webhook_deliveries_event", "webhook_deliveries", ["webhook_id", "event_id"], unique=True)
    op.create_table(
        "api_tokens",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "user_id"],
            ["account_users.account_id", "account_users.user_id"],
            name=op.f("fk_api_tokens_account_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_api_tokens_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_table(
        "conversations",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
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
            server_default="open",
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), nullable=True),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("assigned_by_engine", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("labels", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(
            "(status = 'resolved') = (resolved_at IS NOT NULL)", name=op.f("ck_conversations_resolved_at_when_resolved")
        ),
        sa.CheckConstraint(
            "(waiting_since IS NOT NULL) = (status = 'open' AND assignee_id IS NULL)",
            name=op.f("ck_conversations_waiting_since_when_waiting"),
        ),
        sa.CheckConstraint(
            "(assignee_id IS NULL) = (assigned_at IS NULL)", name=op.f("ck_conversations_assigned_at_with_assignee")
        ),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_conversations_priority_range")),
        sa.CheckConstraint(
            "created_at BETWEEN '0002-01-01+00' AND '9998-12-31+00'", name=op.f("ck_conversations_created_at_readable")
        ),
        sa.CheckConstraint(
            "last_activity_at BETWEEN '0002-01-01+00' AND '9998-12-31+00'",
            name=op.f("ck_conversations_last_activity_at_readable"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "assignee_id"],
            ["account_users.account_id", "account_users.user_id"],
            name=op.f("fk_conversations_account_id_assignee_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "contact_id"],
            ["contacts.account_id", "contacts.id"],
            name=op.f("fk_conversations_account_id_contact_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "inbox_id"],
            ["inboxes.account_id", "inboxes.id"],
            name=op.f("fk_conversations_account_id_inbox_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "team_id"],
            ["teams.account_id", "teams.id"],
            name=op.f("fk_conversations_account_id_team_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_conversations_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("account_id", "id", name=op.f("uq_conversations_account_id_id")),
    )
    op.create_index(
        "ix_conversations_held",
        "conversations",
        ["account_id", "assignee_id", "inbox_id"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND assignee_id IS NOT NULL"),
    )
    op.create_index(
        "ix_conversations_load",
        "conversations",
        ["inbox_id", "assignee_id"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND assignee_id IS NOT NULL"),
    )
    op.create_index(
        "ix_conversations_newest",
        "conversations",
        ["account_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_conversations_served",
        "conversations",
        ["account_id", "contact_id"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND assignee_id IS NOT NULL"),
    )
    op.create_index(
        "ix_conversations_waiting_by_activity",
        "conversations",
        ["inbox_id", "last_activity_at", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND assignee_id IS NULL"),
    )
    op.create_index(
        "ix_conversations_waiting_by_created",
        "conversations",
        ["inbox_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND assignee_id IS NULL"),
    )
    op.create_index(
        "ix_conversations_waiting_by_team",
        "conversations",
        ["inbox_id", "team_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND assignee_id IS NULL"),
    )
    op.create_index(
        "ix_conversations_waiting_since",
        "conversations",
        ["inbox_id", "waiting_since", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND assignee_id IS NULL"),
    )
    op.create_index("uq_conversations_external_id", "conversations", ["inbox_id", "external_id"], unique=True)
    op.create_table(
        "inbox_members",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "inbox_id"],
            ["inboxes.account_id", "inboxes.id"],
            name=op.f("fk_inbox_members_account_id_inbox_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "user_id"],
            ["account_users.account_id", "account_users.user_id"],
            name=op.f("fk_inbox_members_account_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_inbox_members_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("inbox_id", "user_id", name=op.f("pk_inbox_members")),
    )
    op.create_index(
        op.f("ix_inbox_members_account_id_user_id"), "inbox_members", ["account_id", "user_id"], unique=False
    )
    op.create_table(
        "run_batches",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_position", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_run_batches_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_run_batches_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_run_batches")),
    )
    op.create_table(
        "team_members",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "team_id"],
            ["teams.account_id", "teams.id"],
            name=op.f("fk_team_members_account_id_team_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "user_id"],
            ["account_users.account_id", "account_users.user_id"],
            name=op.f("fk_team_members_account_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_team_members_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_team_members")),
    )
    op.create_index(op.f("ix_team_members_account_id_user_id"), "team_members", ["account_id", "user_id"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("previous_agent_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "source",
            sa.Enum(
                "realtime",
                "periodic",
                "manual",
                "wakeup",
                "by_hand",
                "release",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("policy_id", sa.BigInteger(), nullable=True),
        sa.Column("policy_version", sa.BigInteger(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.CheckConstraint(
            "(agent_id IS NULL) = (source = 'release')", name=op.f("ck_assignments_release_has_no_agent")
        ),
        sa.CheckConstraint("(run_id IS NULL) = (position IS NULL)", name=op.f("ck_assignments_position_in_run")),
        sa.ForeignKeyConstraint(
            ["account_id", "conversation_id"],
            ["conversations.account_id", "conversations.id"],
            name=op.f("fk_assignments_account_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_assignments_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    op.create_index("ix_assignments_agent", "assignments", ["account_id", "agent_id", "at"], unique=False)
    op.create_index(
        "ix_assignments_conversation", "assignments", ["conversation_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index("ix_assignments_inbox", "assignments", ["inbox_id", "at"], unique=False)
    op.create_index("uq_assignments_run_position", "assignments", ["run_id", "position"], unique=True)
