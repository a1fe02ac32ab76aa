"""The connection is cut in the middle of a commit: whether it was made is asked, and not guessed (E43)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.decisions import Outcome, Reason
from dashboard.engine.model import Role
from dashboard.services.accounts import tokens
from dashboard.stack.postgres import SOCKET
from dashboard.store.models import Conversation, Run
from dashboard.store.postgres import database
from tests.api.conftest import Caller, make_app
from tests.desks import Acme, Recorded, add_user
from tests.faults import invariants
from tests.faults.network import Cut, Relay, relay


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to Postgres that may be cut, and the settings that lead there."""

    relay: Relay
    settings: Settings


@pytest.fixture
def way(settings: Settings) -> Iterator[Way]:
    url = make_url(settings.database_url)
    with relay(f"{url.query['host']}/{SOCKET}") as made:
        led = url.set(host="127.0.0.1", port=made.port, query={}).render_as_string(hide_password=False)
        yield Way(relay=made, settings=replace(settings, database_url=led))


@pytest.fixture
def led(acme: Acme, way: Way) -> Iterator[Acme]:
    """The cast, whose runs go that way."""
    engine = database.connect(way.settings.database_url)
    with engine.connect() as connection, database.Session(connection, expire_on_commit=False) as session:
        acme.work = replace(acme.work, session=session)
        yield acme
    engine.dispose()


@pytest.fixture
def helpdesk(acme: Acme, way: Way) -> Iterator[Caller]:
    """A program whose calls go that way; it has been let in before."""
    user_id = add_user(acme.work.session, acme.account_id, "Helpdesk", Role.ADMINISTRATOR)
    token = tokens.issue(acme.work, acme.account_id, user_id, now=clock.now()).text
    acme.work.session.commit()
    app = make_app(way.settings, Recorded())
    caller = Caller(app.test_client(), acme.account_id, user_id, token)
    assert caller.get("/inboxes").status_code == 200
    yield caller
    app.extensions["engine"].dispose()


@pytest.mark.parametrize(("cut", "given"), [(Cut.COMMIT, 0), (Cut.ANSWER, 2)])
def test_a_run_whose_commit_was_cut_says_what_was_written(led: Acme, way: Way, cut: Cut, given: int):
    """E26, E43: and the next run gives the rest.

    Seen to fail with what was meant taken for what was written: there was no run to end; and with nothing: 0 of 2.
    """
    led.policy()
    led.online("Ana")
    waiting = led.waiting(2)
    led.work.beginnings.note(led.account_id, None)  # else that is looked up first, with a commit of its own

    way.relay.cut = cut
    ending = led.run().ending

    assert (ending.outcome, ending.reason) == (Outcome.ERROR, Reason.STORE_UNAVAILABLE)
    assert ending.assigned_count == given
    assert led.run().ending.assigned_count == 2 - given
    assert led.assignees(waiting) == ["Ana", "Ana"]
    assert led.work.session.scalar(select(func.count(Run.id))) == 2
    invariants.check(led.work.session)


@pytest.mark.parametrize("cut", Cut)
def test_a_conversation_whose_commit_was_cut_has_a_name_to_be_found_by(
    helpdesk: Caller, acme: Acme, way: Way, cut: Cut
):
    """E43: it is said again. Seen to fail without what passes over a name that is there: it was refused."""
    said = {"inbox_id": acme.support, "external_id": "one"}

    way.relay.cut = cut
    statuses = [helpdesk.post("/conversations", said).status_code for _ in range(2)]

    assert statuses == [503, {Cut.COMMIT: 201, Cut.ANSWER: 200}[cut]]
    assert acme.work.session.scalar(select(func.count(Conversation.id))) == 1


@pytest.mark.parametrize("cut", Cut)
def test_a_conversation_whose_commit_was_cut_is_not_made_again_under_its_key(
    helpdesk: Caller, acme: Acme, way: Way, cut: Cut
):
    """E43: where it was made and the answer was lost, that is given now, and nothing is done again.

    Seen to fail with the key not reserved in the same transaction: there were two; and with the answer kept by a
    transaction of its own: 409.
    """
    key = {"Idempotency-Key": "one"}

    way.relay.cut = cut
    first, second = (helpdesk.post("/conversations", {"inbox_id": acme.support}, headers=key) for _ in range(2))

    assert (first.status_code, second.status_code) == (503, 201)
    assert ("Idempotent-Replayed" in second.headers) is (cut is Cut.ANSWER)
    assert acme.work.session.scalar(select(func.count(Conversation.id))) == 1
