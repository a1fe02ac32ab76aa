"""The same Idempotency-Key and body give the first answer again (api.md section 1)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from dashboard import clock
from dashboard.store.models import Conversation, IdempotentAnswer
from tests.api.conftest import Caller
from tests.desks import Acme

KEY = {"Idempotency-Key": "7f9c"}
SPELLINGS = ("/conversations", "/conversations/", "/conversation%73")


def conversations(acme: Acme) -> int:
    acme.work.session.rollback()
    return acme.work.session.scalar(select(func.count()).select_from(Conversation)) or 0


def test_the_same_key_and_body_give_the_first_answer_again(supervisor: Caller, acme: Acme) -> None:
    body = {"inbox_id": acme.support, "subject": "Where is it?"}

    first = supervisor.post("/conversations", body, headers=KEY)
    again = supervisor.post("/conversations", dict(reversed(body.items())), headers=KEY)

    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert conversations(acme) == 1


def test_a_key_knows_its_route_however_the_address_is_written(supervisor: Caller, acme: Acme) -> None:
    """Seen to fail with the path as it came: a conversation for each spelling."""
    body = {"inbox_id": acme.support}

    answers = [supervisor.post(path, body, headers=KEY) for path in SPELLINGS]

    assert [answer.status_code for answer in answers] == [201] * len(SPELLINGS)
    assert len({answer.json["id"] for answer in answers}) == 1
    assert conversations(acme) == 1


def test_a_key_of_a_run_knows_its_inbox_however_the_address_is_written(supervisor: Caller, acme: Acme) -> None:
    """Seen to fail with the path as it came."""
    paths = [f"/inboxes/{acme.support}/assignment_runs", f"/inboxes/0{acme.support}/assignment_runs/"]

    first, again = (supervisor.post(path, headers=KEY) for path in paths)
    other = supervisor.post(f"/inboxes/{acme.sales}/assignment_runs", headers=KEY)

    assert first.json == again.json
    assert "Idempotent-Replayed" not in other.headers


def test_a_known_key_answers_no_query_that_makes_no_sense(supervisor: Caller, acme: Acme) -> None:
    """Seen to fail with the key looked up before the query was read: 202, the first answer again."""
    path = f"/inboxes/{acme.support}/assignment_runs"
    assert supervisor.post(path, headers=KEY).status_code == 202

    refused = supervisor.post(f"{path}?wait=AAA", headers=KEY)

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["wait"]


def test_a_key_from_before_an_update_is_known_after_it(supervisor: Caller, acme: Acme) -> None:
    supervisor.post("/conversations", {"inbox_id": acme.support}, headers=KEY)

    [route] = acme.work.session.scalars(select(IdempotentAnswer.route))

    assert route == f"POST /api/v1/accounts/{acme.account_id}/conversations?"


@pytest.mark.parametrize("path", ["/conversations", "/inboxes", "/teams", "/agents"])
def test_an_address_with_a_slash_at_its_end_is_the_same(supervisor: Caller, acme: Acme, path: str) -> None:
    assert supervisor.get(f"{path}/").json == supervisor.get(path).json


def test_the_same_key_with_another_body_is_refused(supervisor: Caller, acme: Acme) -> None:
    supervisor.post("/conversations", {"inbox_id": acme.support}, headers=KEY)

    assert supervisor.post("/conversations", {"inbox_id": acme.sales}, headers=KEY).status_code == 409
    assert conversations(acme) == 1


def test_the_same_key_for_another_route_or_account_is_another(supervisor: Caller, stranger: Caller, acme: Acme) -> None:
    supervisor.post("/conversations", {"inbox_id": acme.support}, headers=KEY)

    assert stranger.post("/conversations", {"inbox_id": acme.stranger_inbox_id}, headers=KEY).status_code == 201
    assert supervisor.post(f"/inboxes/{acme.support}/assignment_runs", headers=KEY).status_code == 202


def test_what_is_refused_spends_no_key(supervisor: Caller, acme: Acme) -> None:
    for wrong in ({"inbox_id": 0}, {"inbox_id": acme.stranger_inbox_id}, {}):
        assert supervisor.post("/conversations", wrong, headers=KEY).status_code == 422

    assert supervisor.post("/conversations", {"inbox_id": acme.support}, headers=KEY).status_code == 201


def test_after_a_day_a_key_is_new(supervisor: Caller, acme: Acme) -> None:
    supervisor.post("/conversations", {"inbox_id": acme.support}, headers=KEY)
    yesterday = clock.now() - timedelta(hours=24, seconds=1)
    acme.work.session.execute(update(IdempotentAnswer).values(created_at=yesterday))
    acme.work.session.commit()

    assert supervisor.post("/conversations", {"inbox_id": acme.sales}, headers=KEY).status_code == 201
    assert conversations(acme) == 2


def test_a_key_that_is_too_long_is_refused(supervisor: Caller, acme: Acme) -> None:
    refused = supervisor.post("/conversations", {"inbox_id": acme.support}, headers={"Idempotency-Key": "x" * 256})

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["Idempotency-Key"]


def test_a_key_used_many_times_at_once_does_its_work_once(supervisor: Caller, acme: Acme, app: Flask) -> None:
    """Invariant: one conversation and one answer, whoever comes first.

    Seen to fail (eight conversations) with the reservation taken out of first_answer.
    """
    racers = 8
    barrier = Barrier(racers)

    def race(_: int) -> tuple[int, object]:
        caller = Caller(app.test_client(), acme.account_id, supervisor.user_id, supervisor.token)
        barrier.wait()
        answer = caller.post("/conversations", {"inbox_id": acme.support}, headers=KEY)
        return answer.status_code, answer.json

    with ThreadPoolExecutor(racers) as pool:
        answers = list(pool.map(race, range(racers)))

    assert conversations(acme) == 1
    assert [status for status, _ in answers] == [201] * racers
    assert len({str(body) for _, body in answers}) == 1
