"""Notices reach channels, by e-mail and by HTTP; a dead channel delays nothing; an address is never told."""

import json
import logging
import threading
from datetime import timedelta

import pytest

from dashboard.http_client.client import NOT_ALLOWED
from dashboard.services.alerts import addresses, channels, sending
from dashboard.services.alerts.sending import RETRIES, WRONG_KEY
from dashboard.services.core.container import build
from dashboard.services.core.refusals import Invalid
from tests.alarms import FAR, Watch, impatient, silent
from tests.desks import NOON, Recorded, own_session
from tests.mailbox import mail_server
from tests.receivers import receiver
from tests.services.alerts.test_checks import assign
from tests.waiting import eventually

SECRET = "hunter2secret"


def json_url(url: str) -> str:
    return url.replace("http://", f"json://hook:{SECRET}@", 1)


def test_a_channel_hears_of_the_opening_and_of_the_end_by_mail(watch: Watch):
    """E80: any SMTP address."""
    with mail_server() as box:
        address = f"mailto://127.0.0.1:{box.port}?mode=insecure&from=evenhand@acme.example&to=ana@acme.example"
        channel = watch.channel(address)
        watch.rule(channel_ids=(channel.id,))
        ids = watch.acme.waiting(2)
        watch.check()
        watch.send()
        assign(watch.acme, ids[0], "Ana")
        watch.check(after=15)
        watch.check(after=60)
        watch.send()

        opened, closed = box.mails

    assert (opened["Subject"], opened["To"]) == ("Acme: alert", "ana@acme.example")
    assert "Support: 2 conversations wait." in opened.as_string()
    assert closed["Subject"] == "Acme: alert over"
    assert "Over after 1 min" in closed.as_string()
    [alert] = watch.alerts()
    assert [(one.channel_id, one.kind, one.ok, one.error) for one in alert.told] == [
        (channel.id, "opened", True, None),
        (channel.id, "closed", True, None),
    ]


@pytest.mark.gate
def test_a_dead_channel_delays_nothing(watch: Watch):
    """E80: a listener that never answers. The other channel hears, and checks go on, while the call to it lasts.

    Seen to fail with one send at a time.
    """
    with silent() as (port, came), receiver() as heard:
        dead = watch.channel(f"json://127.0.0.1:{port}/?rto=60&cto=60", "Dead")
        alive = watch.channel(json_url(heard.url), "Alive")
        watch.rule(channel_ids=(dead.id, alive.id))
        watch.acme.waiting(2)
        watch.check()
        under_way = threading.Thread(target=lambda: send_elsewhere(watch))
        under_way.start()
        eventually(came.is_set)
        eventually(lambda: heard.calls)
        meanwhile = {one.name: one.last for one in watch.channels()}
        watch.acme.waiting(2, "Sales")
        watch.check()

        assert meanwhile["Dead"].ok is None
        assert len(watch.open()) == 2
        under_way.join()

    assert [json.loads(call.body)["title"] for call in heard.calls] == ["Acme: alert"] * 2
    failed = [one for alert in watch.alerts() for one in alert.told if one.channel_id == dead.id]
    assert [(one.ok, one.error) for one in failed] == [(False, "No answer within 10 s.")] * 2


def send_elsewhere(watch: Watch) -> None:
    """Send what is due in a process of its own, as far as the database knows."""
    with own_session(watch.acme.work.settings) as session:
        work = build(watch.acme.work.settings, Recorded()).work(session)
        sending.send_due(work, caller=impatient(10), now=lambda: watch.now)


def test_a_notice_that_fails_is_tried_again_and_then_given_up(watch: Watch):
    """E80: the end of an alert follows its opening, whatever became of that."""
    with receiver(answer=lambda _: 503) as heard:
        channel = watch.channel(json_url(heard.url))
        watch.rule(channel_ids=(channel.id,))
        watch.acme.waiting(2)
        watch.check()
        for pause in (timedelta(0), *RETRIES, timedelta(hours=1)):
            watch.now += pause
            watch.send()

    assert len(heard.calls) == 3
    [alert] = watch.alerts()
    assert [(one.ok, one.error, one.attempts) for one in alert.told] == [(False, "The service answered 503.", 3)]
    [shown] = watch.channels()
    assert shown.last.ended_at == NOON + sum(RETRIES, timedelta(0))


def test_a_test_goes_the_same_way_and_shows_its_result(watch: Watch):
    """E80"""
    with receiver(answer=lambda before: 200 if before else 401) as heard:
        channel = watch.channel(json_url(heard.url))
        results = []
        for _ in range(2):
            work = watch.acme.work
            work.finished(channels.send_test(work, watch.acme.account_id, channel.id, now=watch.now))
            results += [watch.channels()[0].last]
            watch.send()
            results += [watch.channels()[0].last]

    assert [(one.kind, one.ok, one.error) for one in results] == [
        ("test", None, None),
        ("test", False, "The service answered 401."),
        ("test", None, None),
        ("test", True, None),
    ]
    assert watch.acme.work.signals.queue.sendings == 2
    assert json.loads(heard.calls[1].body)["message"].startswith("This is a test of the channel Ops.")


@pytest.mark.parametrize(
    "address",
    [
        "json://127.0.0.1:9/",
        "json://localhost/",
        "mailto://10.0.0.1?to=ana@acme.example&from=e@acme.example",
        "mailto://u:p@gmail.com?smtp=192.168.0.1&to=ana@acme.example",
        "gotify://[::ffff:10.0.0.1]/token",
    ],
)
def test_a_private_address_is_refused_when_it_is_saved(watch: Watch, address: str):
    """E80: WEBHOOK_ALLOW_PRIVATE is off."""
    watch.caller = FAR

    answer = watch.try_channel(address)

    assert answer == Invalid(errors={"url": (NOT_ALLOWED,)})


def test_a_private_address_is_refused_when_it_is_called(watch: Watch):
    """E80: allowed when it was saved. Seen to fail without the check of the address that is connected to."""
    with receiver() as heard:
        channel = watch.channel(json_url(heard.url))
        watch.acme.work.finished(channels.send_test(watch.acme.work, watch.acme.account_id, channel.id, now=NOON))

        watch.send(FAR)

    assert heard.calls == []
    assert watch.channels()[0].last.error == NOT_ALLOWED


def test_a_redirect_is_not_followed(watch: Watch):
    """E80, C4"""
    with receiver() as inner, receiver(answer=lambda _: 302, location=inner.url) as outer:
        channel = watch.channel(json_url(outer.url))
        watch.acme.work.finished(channels.send_test(watch.acme.work, watch.acme.account_id, channel.id, now=NOON))
        watch.send()

    assert inner.calls == []
    assert watch.channels()[0].last.error == "The service answered 302."


def test_a_failure_cannot_be_called_a_success_by_the_address(watch: Watch):
    """E80: apprise reports success for an address with optional=yes."""
    with receiver(answer=lambda _: 500) as heard:
        channel = watch.channel(f"{json_url(heard.url)}?optional=yes")
        watch.acme.work.finished(channels.send_test(watch.acme.work, watch.acme.account_id, channel.id, now=NOON))
        watch.send()

    assert watch.channels()[0].last.error == "The service answered 500."


def test_no_log_and_no_error_has_the_address(watch: Watch, caplog: pytest.LogCaptureFixture, capfd):
    """E80: apprise logs addresses."""
    caplog.set_level(logging.DEBUG)
    refused = watch.try_channel(f"nosuchservice://{SECRET}")
    with receiver(answer=lambda _: 401) as heard:
        channel = watch.channel(json_url(heard.url))
        watch.acme.work.finished(channels.send_test(watch.acme.work, watch.acme.account_id, channel.id, now=NOON))
        watch.send()

    said = "".join([caplog.text, *capfd.readouterr(), repr(refused), repr(watch.channels())])
    assert heard.calls[0].headers["Authorization"]
    assert "The service answered 401." in said
    assert SECRET not in said


def test_an_address_of_another_key_is_told_as_such(watch: Watch):
    """E80: a new SECRET_KEY; `connections reseal` takes the former one."""
    watch.channel("json://93.184.216.34/")
    [row] = watch.channels()
    session = watch.acme.work.session
    sealed = addresses.seal("json://93.184.216.34/", "another key")
    addresses.channels.seal(session, row.id, sealed)
    session.commit()
    watch.acme.work.finished(channels.send_test(watch.acme.work, watch.acme.account_id, row.id, now=NOON))
    watch.send()

    assert watch.channels()[0].last.error == WRONG_KEY
    assert addresses.reseal(watch.acme.work, "another key") == 0
    session.commit()
    assert addresses.unseal(addresses.channels.sealed(session)[row.id], watch.acme.work.settings.secret_key)
