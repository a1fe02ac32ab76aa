"""Credentials are kept encrypted, shown nowhere, and get another key only all together."""

import json
import pickle
import traceback
from dataclasses import replace

import pytest
from sqlalchemy import select

from dashboard.helpdesks.values import HelpdeskKind
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.credentials import WRONG_KEY, Resealed, Secrets, WrongKey, reseal, seal, unseal
from dashboard.store.helpdesks import connections
from dashboard.store.models import Connection
from tests.desks import Acme

FORMER, TODAY = "the former key" * 3, "the key of today" * 3
SECRET = "s3cr3t-of-the-desk"
SECRETS = Secrets(credentials={"account_id": "1", "token": SECRET}, hook_secret=SECRET, signing_secret=SECRET)


def a_connection(acme: Acme, sealed: str, name: str = "Desk") -> int:
    values = {"kind": HelpdeskKind.CHATWOOT, "name": name, "url": "https://desk.example", "sealed": sealed}
    made = connections.shelf.add(acme.work.session, acme.account_id, values)
    acme.work.session.commit()
    assert made is not None
    return made


def under(work: UnitOfWork, key: str) -> UnitOfWork:
    return replace(work, settings=replace(work.settings, secret_key=key))


def sealed_texts(acme: Acme) -> list[str]:
    return list(acme.work.session.scalars(select(Connection.sealed).order_by(Connection.id)))


def test_what_was_sealed_opens_with_the_same_key_alone():
    """C3"""
    sealed = seal(SECRETS, TODAY)

    assert unseal(sealed, TODAY) == SECRETS
    assert SECRET not in sealed
    assert seal(SECRETS, TODAY) != sealed
    with pytest.raises(WrongKey) as refused:
        unseal(sealed, FORMER)
    assert refused.value.sentence == WRONG_KEY
    assert "reseal" in refused.value.fix


@pytest.mark.parametrize("sealed", ["", "x", "é", seal(SECRETS, TODAY)[:-9], "A" + seal(SECRETS, TODAY)[1:], "\0"])
def test_a_damaged_text_is_told_like_a_wrong_key_and_is_not_shown(sealed: str):
    """C3"""
    with pytest.raises(WrongKey) as refused:
        unseal(sealed, TODAY)

    assert refused.value.__context__ is None
    assert len(sealed) < 5 or sealed not in "".join(traceback.format_exception(refused.value))


def test_no_secret_is_in_what_is_printed_of_them():
    """C3"""
    assert SECRET not in repr(SECRETS) + str(SECRETS) + f"{SECRETS!r}" + repr([SECRETS])


def test_the_row_that_everybody_reads_has_no_secret(acme: Acme):
    """C3"""
    sealed = seal(SECRETS, TODAY)
    made = a_connection(acme, sealed)
    row = connections.shelf.find(acme.work.session, acme.account_id, made)

    assert row is not None
    facts = json.dumps(dict(connections.shelf.facts(row)), default=str)
    assert sealed not in repr(row) + facts + pickle.dumps(row).decode("latin-1")


def test_a_new_key_is_given_to_all_connections_of_all_accounts(acme: Acme):
    """C3"""
    a_connection(acme, seal(SECRETS, FORMER))
    a_connection(acme, seal(SECRETS, TODAY), "Already")
    a_connection(replace(acme, account_id=2), seal(SECRETS, FORMER), "Stranger")
    work = under(acme.work, TODAY)

    assert work.finished(reseal(work, FORMER)) == Resealed(count=2)
    assert [unseal(sealed, TODAY) for sealed in sealed_texts(acme)] == [SECRETS] * 3
    assert reseal(work, FORMER) == Resealed(count=0)


def test_nothing_changes_while_one_connection_opens_by_neither_key(acme: Acme):
    """C3"""
    a_connection(acme, seal(SECRETS, FORMER))
    lost = a_connection(acme, seal(SECRETS, "another key"), "Lost")
    before, work = sealed_texts(acme), under(acme.work, TODAY)

    done = reseal(work, FORMER)
    work.finish()

    assert done == Resealed(closed=[lost])
    assert sealed_texts(acme) == before
