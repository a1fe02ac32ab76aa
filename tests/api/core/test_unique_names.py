"""Two inboxes, teams or webhooks of an account never share a name or an address, however they come."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from dashboard.store.conversations import csv_import
from dashboard.store.models import Inbox, Team, Webhook
from tests.api.conftest import Caller
from tests.desks import Acme

TAKEN = ["This is taken."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A call that makes a row, the field that no two may share, and two values for it."""

    path: str
    model: Any
    unique: str = "name"
    one: str = "Night"
    other: str = "Day"
    facts: dict[str, Any] = field(default_factory=dict)


WEBHOOKS = Place(
    path="/webhooks",
    model=Webhook,
    unique="url",
    one="https://93.184.216.34/night",
    other="https://93.184.216.34/day",
    facts={"secret": "s", "subscriptions": []},
)
PLACES = pytest.mark.parametrize(
    "place", [Place(path="/inboxes", model=Inbox), Place(path="/teams", model=Team), WEBHOOKS], ids=lambda one: one.path
)


@PLACES
def test_a_value_that_is_taken_is_refused_by_its_field(supervisor: Caller, stranger: Caller, place: Place) -> None:
    """Seen to fail without the indexes: 201."""
    made = supervisor.post(place.path, {place.unique: place.one})
    second = supervisor.post(place.path, {place.unique: place.other}).json["id"]

    refused = supervisor.post(place.path, {place.unique: place.one})
    renamed = supervisor.patch(f"{place.path}/{second}", {place.unique: place.one})

    assert [answer.status_code for answer in (refused, renamed)] == [422, 422]
    assert refused.json["errors"] == renamed.json["errors"] == {place.unique: TAKEN}
    assert supervisor.patch(f"{place.path}/{made.json['id']}", {place.unique: place.one}).status_code == 200
    differs = f"{place.one}/" if place is WEBHOOKS else place.one.upper()
    assert supervisor.post(place.path, {place.unique: differs}).status_code == 201
    assert stranger.post(place.path, {place.unique: place.one}).status_code == 201


@PLACES
def test_of_those_that_come_at_once_one_is_made(supervisor: Caller, app: Flask, place: Place) -> None:
    """Invariant: one row, whichever comes first. Seen to fail without the indexes: eight rows."""
    racers = 8
    barrier = Barrier(racers)

    def race(_: int) -> int:
        caller = Caller(app.test_client(), supervisor.account_id, supervisor.user_id, supervisor.token)
        barrier.wait()
        return caller.post(place.path, {place.unique: place.one}).status_code

    with ThreadPoolExecutor(racers) as pool:
        statuses = sorted(pool.map(race, range(racers)))

    assert statuses == [201] + [422] * (racers - 1)


@PLACES
def test_doubles_of_an_earlier_release_are_saved_until_they_are_renamed(
    supervisor: Caller, acme: Acme, place: Place
) -> None:
    """Seen to fail without the trigger: the renamed one stayed a double."""
    facts = {"account_id": acme.account_id, place.unique: place.one, **place.facts}
    rows = [{**facts, "is_double": double} for double in (False, True)]
    _, double = acme.work.session.scalars(insert(place.model).returning(place.model.id), rows).all()
    acme.work.session.commit()
    path = f"{place.path}/{double}"

    kept = supervisor.patch(path, {place.unique: place.one, **({"enabled": False} if place is WEBHOOKS else {})})
    renamed = supervisor.patch(path, {place.unique: place.other})
    again = supervisor.patch(path, {place.unique: place.one})

    assert [answer.status_code for answer in (kept, renamed, again)] == [200, 200, 422]
    assert supervisor.post(place.path, {place.unique: place.other}).json["errors"] == {place.unique: TAKEN}


def test_an_import_takes_the_inbox_that_somebody_has_just_made(acme: Acme) -> None:
    """Seen to fail with an insert that stops at a name that is taken."""
    session = acme.work.session

    made = csv_import.add_inboxes(session, acme.account_id, ["Support", "Night"])

    assert [inbox.name for inbox in made] == ["Night"]
    assert len(csv_import.inboxes(session, acme.account_id)) == 3


def test_the_longest_address_is_compared_as_well(supervisor: Caller) -> None:
    """Seen to fail with the address itself in the index: an entry holds 2,704 bytes."""
    url = "https://93.184.216.34/" + "".join(chr(0x4E00 + number * 7 % 20_000) for number in range(1_900))

    assert [supervisor.post("/webhooks", {"url": url}).status_code for _ in range(2)] == [201, 422]
