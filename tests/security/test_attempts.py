"""Guessing is slow from one customer's network and from many at once, and no attack keeps the right password out."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.web.accounts import login_throttle
from dashboard.web.accounts.attempts import FORGIVEN, KEPT, LONGEST_PAUSE, Attempt
from tests.desks import Acme
from tests.pages import PASSWORD, AtOnce, composed, let_in
from tests.security import persons
from tests.waiting import PATIENCE, eventually
from tests.web.accounts.test_sessions import log_in

WRONG, LATER, IN = HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SEE_OTHER
# Prints the megabytes that as many attempts at once take as one web process has threads.
AT_ONCE = """
import resource, threading
from dashboard.serving.server import THREADS
from dashboard.services.accounts import passwords

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

passwords.matches(None, "first")
before, everybody = peak(), threading.Barrier(THREADS)

def attempt():
    everybody.wait()
    passwords.matches(None, "wrong")

threads = [threading.Thread(target=attempt) for _ in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(peak() - before)
"""
ANA, NOBODY = "ana@1.example", "nobody@x.example"


@pytest.fixture
def app(acme: Acme, settings: Settings) -> Iterator[Flask]:
    """The whole application behind a proxy that names its clients; Ana has a password."""
    let_in(acme.work, acme.agents["Ana"])
    worker = AtOnce(settings)
    yield composed(replace(settings, trusted_proxies=1), worker)
    worker.close()


def tried(app: Flask, source: str, password: str = "wrong", email: str = ANA) -> int:
    """Return how an attempt from a source is answered."""
    return log_in(app.test_client(), email, password, headers={"X-Forwarded-For": source}).status_code


def guesses(app: Flask, count: int, email: str = ANA) -> None:
    """Let as many sources guess, each once."""
    for number in range(count):
        assert tried(app, f"198.51.100.{number}", email=email) == WRONG


def waiting(source: str, email: str = ANA) -> Attempt:
    """Return the attempt of a source, to ask how long it waits."""
    return Attempt(storage=login_throttle.limiter.storage, source=source, address=email)


def fail(count: int) -> None:
    """Let as many attempts on Ana's address fail."""
    for _ in range(count):
        waiting("198.51.100.1").fail()


def test_all_addresses_of_an_ipv6_customer_are_one_source(app: Flask) -> None:
    """Seen to fail with each address counted by itself."""
    statuses = [tried(app, f"2001:db8:7:1:{number:x}::{number:x}") for number in range(9)]

    assert statuses == [WRONG] * 8 + [LATER]
    assert tried(app, "2001:db8:7:2::1", PASSWORD) == IN


def test_an_ipv4_address_is_the_same_source_as_it_is_within_ipv6(app: Flask) -> None:
    """Seen to fail with the address as it is written; and as one network, all of them were one source."""
    statuses = [tried(app, source) for source in ("203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107") * 3]

    assert statuses == [WRONG] * 8 + [LATER]
    assert tried(app, "::ffff:203.0.113.8", PASSWORD) == IN


def test_an_address_of_any_length_takes_little_memory(app: Flask) -> None:
    """Seen to fail with the address in the key: one network filled Redis with half a gigabyte an hour."""
    tried(app, "203.0.113.1", email="x" * 300_000)

    kept = login_throttle.limiter.storage.storage.keys()
    assert len(kept) > 4
    assert max(map(len, kept)) < 200


@pytest.mark.parametrize("email", [ANA, NOBODY])
def test_an_address_that_many_sources_guess_is_slow_for_all_of_them(app: Flask, email: str) -> None:
    """Twenty failures in an hour, then a pause of a second for each further one; alike for an address nobody has.

    Seen to fail with attempts counted by source alone.
    """
    guesses(app, FORGIVEN, email)
    assert tried(app, "203.0.113.1", email=email) == WRONG

    refused = log_in(app.test_client(), email, PASSWORD, headers={"X-Forwarded-For": "203.0.113.2"})

    assert (refused.status_code, refused.headers["Retry-After"]) == (LATER, "1")
    assert "Nothing was checked; try again in 1 second." in refused.text


def test_the_right_password_gets_in_while_the_attack_goes_on(app: Flask) -> None:
    """Seen to fail with one attempt let through in each pause, from whichever source: the attack took it."""
    fail(FORGIVEN + 2)
    assert tried(app, "203.0.113.1", PASSWORD) == LATER
    number = iter(range(250))

    def attack() -> None:
        tried(app, f"192.0.2.{next(number)}")

    eventually(lambda: waiting("203.0.113.1").seconds_left() == 0, meanwhile=attack)
    attack()

    assert tried(app, "203.0.113.1", PASSWORD) == IN


def test_who_asks_again_before_the_pause_is_over_waits_no_longer_for_it(app: Flask) -> None:
    """Seen to fail with the pause begun anew by each attempt."""
    fail(FORGIVEN + 2)

    eventually(lambda: waiting("203.0.113.1").begin() == 0)


def test_a_source_that_has_waited_has_one_attempt(app: Flask) -> None:
    """In each pause, however many at once. Seen to fail with a source let in for good that has waited."""
    fail(FORGIVEN + 60)
    first = waiting("203.0.113.1")
    first.storage.incr(first._key("asked", first.source), KEPT - 60)  # a minute ago
    everybody, answers = threading.Barrier(8), []

    def begin() -> None:
        everybody.wait()
        answers.append(waiting("203.0.113.1").begin())

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers)[0] == 0
    assert min(sorted(answers)[1:]) > 1


def test_a_log_in_does_not_tell_by_the_pause_that_it_was_one(app: Flask) -> None:
    """It counts like a wrong one. Seen to fail with the failures forgotten by a log-in."""
    fail(FORGIVEN + 2)
    assert tried(app, "203.0.113.1", PASSWORD) == LATER
    eventually(lambda: waiting("203.0.113.1").seconds_left() == 0)
    assert tried(app, "203.0.113.1", PASSWORD) == IN

    assert waiting("203.0.113.9").seconds_left() == 3


@pytest.mark.gate
def test_passwords_that_an_account_gives_are_no_free_guesses(app: Flask, acme: Acme) -> None:
    """Each opens Acme, and shows at the log-in whether it is the password of Globex's Pia too.

    Seen to fail with wrong passwords counted alone: Acme guessed as often as it liked.
    """
    both = persons.accounts(app, acme)
    persons.join(both, both.globex)
    ours = persons.hire(both.acme)
    for number in range(FORGIVEN + 1):
        guess = f"a guess, the {number}th"
        persons.send(both.door(), persons.link(both.acme, ours), password=guess, again=guess)
        assert tried(app, f"198.51.100.{number}", guess, persons.PIA) == IN

    assert tried(app, "203.0.113.1", "another guess", persons.PIA) == LATER


@pytest.mark.gate
def test_one_who_logs_in_often_waits_for_nothing(app: Flask) -> None:
    """Seen to fail with every log-in counted."""
    for number in range(FORGIVEN + 1):
        assert tried(app, f"198.51.100.{number}", PASSWORD) == IN

    assert tried(app, "203.0.113.1", PASSWORD) == IN


def test_no_pause_is_longer_than_five_minutes(app: Flask) -> None:
    fail(FORGIVEN + 2 * LONGEST_PAUSE)

    assert waiting("203.0.113.1").begin() == LONGEST_PAUSE == 300


def test_links_are_opened_so_often_and_no_more_from_one_source(app: Flask) -> None:
    """Seen to fail without the limit."""
    door = app.test_client()

    statuses = [door.get(f"/invitations/{number}").status_code for number in range(61)]

    assert statuses == [HTTPStatus.NOT_FOUND] * 60 + [LATER]
    assert "Too often" in door.get("/invitations/x").text


@pytest.mark.gate
def test_attempts_at_once_do_not_fill_the_memory() -> None:
    """Each needs 64 MiB. Seen to fail with one for each of the eight threads of a web process: 440 MiB more."""
    ran = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=True, timeout=PATIENCE)

    assert int(ran.stdout) < 160
