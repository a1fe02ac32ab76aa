"""The same done to several conversations, one after the other: each is a change of its own."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from dashboard.services import handling
from dashboard.services.desk import Desk
from dashboard.services.forms.conversations import Change
from dashboard.services.refusals import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """How many were changed, and how many the account does not have."""

    done: int
    missing: int


def change_all(
    desk: Desk, account_id: int, ids: Collection[int], wanted: Change, *, actor_id: int, now: datetime
) -> Handled | Invalid:
    """Change these conversations; what is refused is refused before the first of them changes."""
    done = missing = 0
    for conversation_id in ids:
        answer = handling.change(desk, account_id, conversation_id, wanted, actor_id=actor_id, now=now)
        if isinstance(answer, Invalid):
            return answer
        done, missing = done + (answer is not None), missing + (answer is None)
    return Handled(done=done, missing=missing)
