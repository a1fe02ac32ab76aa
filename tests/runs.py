"""Runs in tests: how large their batches are, and what they leave waiting."""

import dataclasses

from dashboard.engine.decisions import Reason
from tests.desks import Acme


def with_batches_of(acme: Acme, size: int) -> None:
    acme.work = dataclasses.replace(acme.work, settings=dataclasses.replace(acme.work.settings, bulk_limit=size))


def left(acme: Acme, **facts: object) -> dict[Reason, int]:
    return dict(acme.run(**facts).ending.left_waiting)
