"""Runs whose stores fail: what cannot be read is never guessed."""

import dataclasses
from datetime import timedelta

from sqlalchemy import func, select, text

from dashboard.config import OnFailure
from dashboard.engine.decisions import Outcome, Reason
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.models import Assignment, Run
from dashboard.store.redis.client import connect
from dashboard.store.redis.heartbeats import Heartbeats
from tests.desks import Acme
from tests.runs import with_batches_of


def broken(acme: Acme, key: str) -> None:
    """Make one key of the account unreadable: its type is wrong."""
    client = acme.work.heartbeats._redis
    client.delete(key)
    client.set(key, "broken") if "rate" not in key else client.hset(key, "a", "b")


def test_presence_unreadable_assigns_nothing_and_says_so(acme: Acme):
    """E40"""
    acme.policy()
    acme.online("Ana")
    waiting = acme.waiting(1)
    broken(acme, f"{{acct:{acme.account_id}}}:presence")

    result = acme.run()

    assert (result.ending.outcome, result.ending.reason) == (Outcome.ERROR, Reason.STORE_UNAVAILABLE)
    assert result.worth_retrying
    assert acme.assignees(waiting) == ["-"]


def test_rate_limits_unreadable_are_skipped(acme: Acme):
    """E41"""
    acme.policy(fair_distribution_limit=1)
    acme.online("Ana")
    waiting = acme.waiting(2)
    broken(acme, f"{{acct:{acme.account_id}}}:rate:inbox:{acme.support}:agent:{acme.agents['Ana']}")

    acme.run()

    assert acme.assignees(waiting) == ["Ana", "Ana"]


def test_rate_limits_unreadable_refuse_when_so_set(acme: Acme):
    """E41"""
    acme.policy(fair_distribution_limit=1)
    acme.online("Ana")
    acme.waiting(2)
    closed = dataclasses.replace(acme.work.settings, rate_limit_on_failure=OnFailure.CLOSED)
    acme.work = dataclasses.replace(acme.work, settings=closed)
    broken(acme, f"{{acct:{acme.account_id}}}:rate:inbox:{acme.support}:agent:{acme.agents['Ana']}")

    assert acme.run().ending.reason is Reason.ALL_RATE_LIMITED


def test_rotation_unreadable_ends_the_run_and_nothing_is_half_written(acme: Acme):
    """E42"""
    acme.policy()
    acme.online("Ana")
    waiting = acme.waiting(1)
    broken(acme, f"{{acct:{acme.account_id}}}:rotation:inbox:{acme.support}")

    result = acme.run()

    assert (result.ending.outcome, result.ending.reason) == (Outcome.ERROR, Reason.STORE_UNAVAILABLE)
    assert acme.assignees(waiting) == ["-"]
    assert acme.work.session.scalar(select(func.count()).select_from(Assignment)) == 0


def test_a_database_error_ends_the_batch_and_earlier_batches_stay(acme: Acme):
    """E43"""
    acme.policy()
    acme.online("Ana")
    waiting = acme.waiting(4)
    with_batches_of(acme, 2)
    trap = f"""
        CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.conversation_id = {waiting[2]} THEN RAISE 'sprung'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER trap BEFORE INSERT ON assignments FOR EACH ROW EXECUTE FUNCTION trap()
    """
    acme.work.session.execute(text(trap))
    acme.work.session.commit()

    ending = acme.run().ending
    acme.work.session.execute(text("DROP FUNCTION trap CASCADE"))
    acme.work.session.commit()

    assert (ending.outcome, ending.assigned_count) == (Outcome.ERROR, 2)
    assert acme.assignees(waiting) == ["Ana", "Ana", "-", "-"]
    assert acme.work.session.scalar(select(func.count()).select_from(Run)) == 1


class Babbling(Heartbeats):
    """Heartbeats whose store fails with what no table can keep."""

    def present(self, *_: object) -> frozenset[int]:
        """Fail."""
        raise StoreUnavailable("presence: a\0b\ud800")


def test_a_run_is_recorded_whatever_its_error_says(acme: Acme):
    """E43. Seen to fail with the message as it came: the driver's refusal ended the run's job."""
    acme.policy()
    acme.waiting(1)
    settings = acme.work.settings
    babbling = Babbling(connect(settings.redis_url), timedelta(seconds=settings.presence_seconds))
    acme.work = dataclasses.replace(acme.work, heartbeats=babbling)

    acme.run()

    [run] = acme.work.session.scalars(select(Run))
    assert (run.outcome, run.message) == (Outcome.ERROR, "presence: a\ufffdb\ufffd")
