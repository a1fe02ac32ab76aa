"""A policy is the same to a run, to the board, to its page and to the replay of a run."""

import json
from datetime import timedelta

from dashboard.engine.model import Snapshot
from dashboard.engine.policy import POLICY_FIELDS
from dashboard.store.assignment import snapshot_json
from dashboard.store.board import inboxes as board
from dashboard.store.core.page_values import Scope
from dashboard.store.inboxes import routing
from dashboard.store.policies import assignment_policies
from tests.desks import NOON, Acme
from tests.policies import unlike_in


def test_runs_and_the_board_read_every_field_of_a_linked_policy(acme: Acme) -> None:
    """A field that the board did not read would be its default there, and right in the run."""
    unlike = unlike_in(acme)
    acme.policy("Support", **unlike)

    read = routing.read(acme.work.session, acme.account_id, acme.support)
    scope = Scope(account_id=acme.account_id, member_id=None)
    figures = board.figures(acme.work.session, scope, NOON - timedelta(hours=1), now=NOON)

    assert read is not None
    assert read.policy is not None
    assert {name: getattr(read.policy, name) for name in POLICY_FIELDS} == {
        name: kind.read(unlike[name]) for name, kind in POLICY_FIELDS.items()
    }
    assert {one.id: one.policy for one in figures} == {acme.support: read.policy, acme.sales: None}


def test_a_policys_own_row_has_the_same_rules(acme: Acme) -> None:
    acme.policy("Support", **unlike_in(acme))

    read = routing.read(acme.work.session, acme.account_id, acme.support)
    row = assignment_policies.shelf.find(acme.work.session, acme.account_id, acme.policy_id)

    assert read is not None
    assert read.policy is not None
    assert row is not None
    assert row.rules == read.policy.unnamed


def test_a_replay_reads_every_field_of_the_policy_that_a_run_kept(acme: Acme) -> None:
    """E46, E47"""
    acme.policy("Support", **unlike_in(acme))
    read = routing.read(acme.work.session, acme.account_id, acme.support)
    assert read is not None

    kept = json.loads(snapshot_json.dump(Snapshot(inbox=read.inbox, policy=read.policy)))

    assert snapshot_json.load(kept).policy == read.policy
