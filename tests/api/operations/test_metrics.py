"""/metrics: figures of the whole system, the same from every process (api.md section 8)."""

from datetime import timedelta

from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete, insert, update

from dashboard import clock
from dashboard.config import Settings
from dashboard.store.models import Account, Run, RunBatch
from dashboard.store.models import Assignment as Ledger
from tests.alarms import Watch
from tests.api.conftest import make_app
from tests.counting import statements
from tests.desks import NOON, Acme, Recorded
from tests.listening import Line
from tests.receivers import receiver


def read(app: Flask) -> dict[tuple[str, ...], float]:
    """Return every figure under its name and its labels' values."""
    text = app.test_client().get("/metrics").text
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return {(one.name.removeprefix("evenhand_"), *one.labels.values()): one.value for one in samples}


def test_everything_that_was_done_is_counted_by_how_it_ended(app: Flask, acme: Acme) -> None:
    acme.policy()
    acme.online("Ana")
    acme.waiting(2, created_at=NOON - timedelta(seconds=10))
    acme.run()
    acme.run()
    acme.run("Sales")

    seen = read(app)

    assert seen["assignments_total", "manual"] == 2
    assert seen["runs_total", "assigned", ""] == 1
    assert seen["runs_total", "stop", "nothing_waiting"] == 1
    assert seen["runs_total", "stop", "no_policy"] == 1
    assert seen["run_seconds_count",] == seen["run_seconds_bucket", "+Inf"] == 3
    assert seen["event_to_assigned_seconds_count",] == 2
    assert seen["event_to_assigned_seconds_sum",] == 10 + 9
    assert seen["event_to_assigned_seconds_bucket", "5.0"] == 0
    assert seen["event_to_assigned_seconds_bucket", "15.0"] == 2


def test_what_is_so_at_this_moment_is_told(app: Flask, acme: Acme) -> None:
    acme.waiting(3)
    acme.work.session.execute(update(Account).where(Account.id == acme.account_id).values(stranded_count=2))
    acme.work.session.commit()

    seen = read(app)

    assert seen["waiting",] == 3
    assert seen["oldest_wait_seconds",] > 3_600
    assert seen["stranded",] == 2
    assert seen["webhook_deliveries_pending",] == 0
    assert seen["alerts_open",] == seen["alert_notices_pending",] == 0
    assert seen["workers",] == 1
    assert seen["jobs_queued",] == seen["jobs_failed",] == 0


def test_the_oldest_check_for_stranded_conversations_tells_its_age(app: Flask, acme: Acme) -> None:
    """E53: an old count of none is no news. Seen to fail without it: KeyError."""
    assert ("stranded_check_age_seconds",) not in read(app)
    checked = update(Account).values(stranded_checked_at=clock.now())
    acme.work.session.execute(checked)
    old = checked.where(Account.id == acme.account_id).values(stranded_checked_at=clock.now() - timedelta(minutes=40))
    acme.work.session.execute(old)
    acme.work.session.commit()

    assert 2_400 <= read(app)["stranded_check_age_seconds",] < 2_460


def test_deliveries_are_counted_by_how_they_ended(app: Flask, acme: Acme) -> None:
    line = Line(acme=acme)
    [one] = acme.waiting(1)
    with receiver(answer=lambda before: 500 if before == 0 else 200) as heard:
        line.listen(heard.url)
        line.happens(one)

        line.deliver()
        first = read(app)
        line.deliver(after=timedelta(seconds=5))
        line.deliver()

    assert first["webhook_deliveries_pending",] == 1
    assert ("webhook_deliveries_total", "delivered") not in first
    assert read(app)["webhook_deliveries_total", "delivered"] == 1
    assert read(app)["webhook_deliveries_pending",] == 0


def test_counters_do_not_go_down_when_old_runs_are_removed(app: Flask, acme: Acme) -> None:
    acme.policy()
    acme.online("Ana")
    acme.waiting(1)
    acme.run()
    before = read(app)

    for table in (Ledger, RunBatch, Run):
        acme.work.session.execute(delete(table))
    acme.work.session.commit()

    names = ("runs_total", "assignments_total", "run_seconds_count", "event_to_assigned_seconds_sum")
    counters = {name: value for name, value in before.items() if name[0] in names}
    assert counters
    assert counters == {name: read(app)[name] for name in counters}


def test_a_scrape_asks_as_much_of_a_long_ledger_as_of_a_short_one(app: Flask, acme: Acme) -> None:
    [one] = acme.held("Ana", 1)
    with statements(app.extensions["probe"]) as short:
        read(app)
    row = {"account_id": acme.account_id, "conversation_id": one, "inbox_id": acme.support}
    row |= {"agent_id": acme.agents["Ana"], "source": "by_hand", "at": NOON}
    acme.work.session.execute(insert(Ledger), [row] * 500)
    acme.work.session.commit()

    with statements(app.extensions["probe"]) as long:
        read(app)

    assert len(short) == len(long) > 3
    assert not [statement for statement in long if "FROM assignments" in statement or "FROM runs" in statement]


def test_every_process_tells_the_same(app: Flask, settings: Settings, acme: Acme) -> None:
    acme.policy()
    acme.run()
    other = make_app(settings, Recorded())

    assert read(app)["runs_total", "stop", "nothing_waiting"] == 1
    assert read(other)["runs_total", "stop", "nothing_waiting"] == 1
    other.extensions["engine"].dispose()


def test_what_is_open_to_everybody_names_no_account_and_nobody(app: Flask, acme: Acme) -> None:
    """As docs/operations.md says of what is open by default: /metrics without METRICS_TOKEN, /ready and /up."""
    acme.policy()
    acme.online("Ana")
    acme.waiting(1)
    acme.run()
    client = app.test_client()
    metrics = client.get("/metrics").text

    labels = {
        name for family in text_string_to_metric_families(metrics) for one in family.samples for name in one.labels
    }
    said = metrics + client.get("/ready").text + client.get("/up").text

    assert labels <= {"source", "outcome", "reason", "status", "le"}
    assert not [name for name in ("Acme", "Globex", "Support", *acme.agents, "account") if name in said]


def test_open_alerts_and_pending_notices_are_counted(app: Flask, acme: Acme) -> None:
    """E80"""
    watch = Watch(acme=acme)
    channel = watch.channel("json://93.184.216.34/")
    watch.rule(channel_ids=(channel.id,))
    acme.waiting(2)
    watch.check()

    seen = read(app)

    assert (seen["alerts_open",], seen["alert_notices_pending",]) == (1, 1)
