"""Reasons of hours, skills and preferred agents

An older release that serves meanwhile writes the words that it knows. No row has another one, so none is looked at.
"""

from alembic import op

revision = "0034"
down_revision = "0033"

NAME = "ck_runs_reason"
WORDS = (
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
    "nobody_skilled",
    "outside_hours",
    "kept_for_preferred",
    "helpdesk_unreachable",
    "two_engines",
    "shadow",
    "settling",
    "hands_off",
    "not_open",
    "already_assigned",
    "excluded_label",
    "excluded_age",
    "contact_being_served",
    "lost_race",
    "store_unavailable",
    "internal_error",
)


def upgrade() -> None:
    words = ", ".join(f"'{word}'" for word in WORDS)
    op.execute(f"ALTER TABLE runs DROP CONSTRAINT {NAME}, ADD CONSTRAINT {NAME} CHECK (reason IN ({words})) NOT VALID")
