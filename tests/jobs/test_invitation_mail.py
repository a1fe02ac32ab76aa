"""Invitations by mail: the link of the page, sent by a worker, once the mail server takes it."""

import smtplib
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest

from dashboard import clock, config, mail
from dashboard.engine.model import Role
from dashboard.mail import Mail
from dashboard.services.accounts import invitation_mail, invitations
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.models import AccountUser
from jobs.rq_queue import RqJobs
from tests import mailbox
from tests.desks import NOON, Acme, Recorded
from tests.jobs.conftest import Start
from tests.mailbox import Mailbox
from tests.pages import composed, hire, looking
from tests.waiting import eventually

ADDRESS = "https://evenhand.example"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox.mail_server() as found:
        yield found


def mailing(acme: Acme, box: Mailbox) -> UnitOfWork:
    """Return Acme's unit of work with a mail server."""
    settings = replace(acme.work.settings, mail_server=mailbox.of(box), public_url=ADDRESS)
    return replace(acme.work, settings=settings)


def email_of(acme: Acme, name: str) -> str:
    return acme.work.session.get_one(AccountUser, (acme.account_id, acme.agents[name])).email


def test_a_worker_mails_the_link_that_the_page_showed(
    acme: Acme, box: Mailbox, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after the mail server refused it twice."""
    box.refuses = 2
    for name, value in (("SMTP_URL", box.url), ("PUBLIC_URL", ADDRESS)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SECRET_KEY", acme.work.settings.secret_key)
    ana, uma = acme.agents["Ana"], hire(acme.work, acme.account_id, "Uma", Role.ADMINISTRATOR)
    work = mailing(acme, box)
    link = work.finished(invitations.invite(work, acme.account_id, ana, actor_id=uma, now=clock.now()))
    to = email_of(acme, "Ana")
    acme.work.session.rollback()
    start("-m", "jobs.worker", "--queues", "webhooks")

    RqJobs(acme.work.settings.redis_url).mail_invitation(acme.account_id, ana)

    eventually(lambda: box.mails)
    [found] = box.mails
    assert f"{ADDRESS}/invitations/{link}" in found.get_content().splitlines()
    assert (found["To"], found["From"]) == (to, "evenhand@acme.example")


def test_an_invitation_that_was_withdrawn_or_is_over_is_not_mailed(acme: Acme, box: Mailbox) -> None:
    work, ana = mailing(acme, box), acme.agents["Ana"]
    invitations.invite(work, acme.account_id, ana, actor_id=None, now=NOON)
    mailed = invitation_mail.compose(work, acme.account_id, ana, now=NOON)
    over = invitation_mail.compose(work, acme.account_id, ana, now=NOON + invitations.LASTS_FOR)
    invitations.withdraw(work, acme.account_id, ana, actor_id=None, now=NOON)

    withdrawn = invitation_mail.compose(work, acme.account_id, ana, now=NOON)

    assert isinstance(mailed, Mail)
    assert over is withdrawn is None
    acme.work.session.rollback()


def test_another_accounts_agent_is_sent_nothing(acme: Acme, box: Mailbox) -> None:
    work, ana = mailing(acme, box), acme.agents["Ana"]
    invitations.invite(work, acme.account_id, ana, actor_id=None, now=NOON)

    assert invitation_mail.compose(work, acme.account_id + 1, ana, now=NOON) is None
    acme.work.session.rollback()


@pytest.mark.parametrize("has_server", [True, False])
def test_the_page_shows_the_link_and_mails_it_where_there_is_a_mail_server(
    acme: Acme, box: Mailbox, queue: Recorded, has_server: bool
) -> None:
    settings = mailing(acme, box).settings if has_server else acme.work.settings
    uma = looking(
        composed(settings, queue), acme.account_id, hire(acme.work, acme.account_id, "Uma", Role.ADMINISTRATOR)
    )

    answer = uma.post(f"/settings/users/{acme.agents['Ana']}/invitation")

    assert answer.status_code == HTTPStatus.CREATED
    assert "/invitations/" in answer.text
    assert (f"on its way to {email_of(acme, 'Ana')}" in answer.text) is has_server
    assert queue.mails == [(acme.account_id, acme.agents["Ana"])] * has_server
    acme.work.session.rollback()


def test_a_password_is_sent_to_no_server_without_encryption(box: Mailbox) -> None:
    with pytest.raises(smtplib.SMTPNotSupportedError):
        mail.send(mailbox.of(box, user="ada", password="secret"), Mail(to="a@b.example", subject="S", text="T"))

    assert box.mails == []


@pytest.mark.parametrize(
    ("url", "public_url"),
    [
        ("mail.example", ADDRESS),
        ("http://mail.example?from=a@b.example", ADDRESS),
        ("smtp://mail.example", ADDRESS),
        ("smtp://mail.example?from=nobody", ADDRESS),
        ("smtp://mail.example:port?from=a@b.example", ADDRESS),
        ("smtp://mail.example?from=a@b.example", ""),
    ],
)
def test_a_mail_server_that_cannot_be_used_is_refused_by_its_name(tmp_path: Path, url: str, public_url: str) -> None:
    settings = {"EVENHAND_INSTANCE": str(tmp_path), "SMTP_URL": url, "PUBLIC_URL": public_url}

    with pytest.raises(config.BadSetting, match="SMTP_URL"):
        config.load(settings)
