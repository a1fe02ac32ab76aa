"""The assignment policy of an inbox, in a statement that joins the policies as `p`."""

from typing import Any

from sqlalchemy import Row

from dashboard.engine.policy import POLICY_FIELDS, AssignmentPolicy, read_policy

PREFIX = "policy_"
NAMES = ("id", "name", "version", *POLICY_FIELDS)
POLICY = ", ".join(f"p.{name} AS {PREFIX}{name}" for name in NAMES)


def policy_of(row: Row[Any]) -> AssignmentPolicy | None:
    """Return the policy of a row that has the columns `POLICY`, None where the inbox has none."""
    stored = {name: row._mapping[PREFIX + name] for name in NAMES}
    return None if stored["id"] is None else read_policy(stored)
