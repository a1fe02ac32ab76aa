"""Validation of a policy's overflow: a team of the account, and its minutes (E59)."""

from dashboard.services.core.refusals import Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import id_checks

NO_SUCH_TEAM = "There is no such team in this account."


def refusal(work: UnitOfWork, account_id: int, *, team_id: int | None, after: int | None) -> Invalid | None:
    """Refuse half of an overflow, and a team that the account does not have."""
    if (team_id is None) != (after is None):
        missing = "overflow_team_id" if team_id is None else "overflow_after"
        return invalid(missing, "Overflow needs a team and its minutes.")
    if team_id is None:
        return None
    known = id_checks.existing_ids(work.session, account_id, team_ids=[team_id])
    return None if team_id in known.team_ids else invalid("overflow_team_id", NO_SUCH_TEAM)
