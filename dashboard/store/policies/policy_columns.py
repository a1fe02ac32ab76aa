"""The assignment policy of an inbox, in a statement that joins the policies as `p` and their links as `l`."""

from typing import Any

from sqlalchemy import Row

from dashboard.engine.policy import POLICY_FIELDS, AssignmentPolicy, read_policy, with_overrides

PREFIX = "policy_"
NAMES = ("id", "name", "version", *POLICY_FIELDS)
POLICY = ", ".join([*(f"p.{name} AS {PREFIX}{name}" for name in NAMES), f"l.overrides AS {PREFIX}overrides"])


def policy_of(row: Row[Any]) -> AssignmentPolicy | None:
    """Return the policy of a row that has the columns `POLICY`, with the inbox's own values; None without one."""
    stored = {name: row._mapping[PREFIX + name] for name in NAMES}
    return None if stored["id"] is None else with_overrides(read_policy(stored), row._mapping[PREFIX + "overrides"])
