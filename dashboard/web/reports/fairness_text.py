"""A sentence about the fairness of the runs' assignments."""

from dashboard.services.reports.reports import FairnessLine
from dashboard.web.core.formatting import number

# The least value of Jain's index for each text.
WORDS = ((0.95, "Evenly"), (0.85, "Fairly evenly"), (0.7, "Unevenly"), (0.0, "Very unevenly"))


def sentence(fair: FairnessLine) -> str:
    """Return Jain's index and the spread as a sentence."""
    if fair.index is None or fair.spread is None:
        return "Runs gave nobody anything in this time."
    if fair.takers == 1:
        return f"One agent was given all {number(fair.spread.most)}.{_idle(fair)}"
    how = next(word for least, word in WORDS if round(fair.index, 2) >= least)
    spread = fair.spread
    return (
        f"{how}: Jain's index, which is 1 when all have the same, is {fair.index:.2f} among the {number(fair.takers)} "
        f"agents whom runs gave something. Half of them were given {_range(spread.lower, spread.upper)} each, "
        f"the least {number(spread.least)}, the most {number(spread.most)}.{_idle(fair)}"
    )


def _range(low: int, high: int) -> str:
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def _idle(fair: FairnessLine) -> str:
    if not fair.idle or fair.index_with_idle is None:
        return ""
    members = "member was" if fair.idle == 1 else "members were"
    return f" {number(fair.idle)} {members} given nothing: counting them it is {fair.index_with_idle:.2f}."
