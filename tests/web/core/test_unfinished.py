"""A view that says yes finishes its unit of work."""

import pytest

from dashboard.web.inboxes import inboxes
from tests.desks import Acme
from tests.pages import Looker


def test_a_view_that_forgets_to_finish_answers_with_an_error_and_not_with_a_lost_change(
    mara: Looker, acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail without the check: the page said that the inbox was created, and it was not there."""
    monkeypatch.setattr(inboxes, "finished", lambda answer: answer)

    answer = mara.post("/inboxes", {"name": "Returns"})

    assert answer.status_code == 500
    assert "Returns" not in mara.get("/inboxes").text
    acme.work.session.rollback()
