"""Forms that a browser sends twice: the second gets the answer of the first."""

from typing import Any

from dashboard.http import unit_of_work
from dashboard.services.core import resubmission
from dashboard.services.core.audited_crud import Resource
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Invalid
from dashboard.web.core.auth import actor_kwargs, viewer


def first_made(noun: Resource[Any], refused: Invalid, edit: object, *compared: str) -> int | None:
    """Return the row that the same person has just created with the same values; `compared` limits the comparison."""
    if isinstance(edit, Invalid):
        return None
    values = {name: value for name, value in sent_fields(edit).items() if not compared or name in compared}
    return resubmission.first_made(unit_of_work(), viewer().account_id, noun, refused, values=values, **actor_kwargs())
