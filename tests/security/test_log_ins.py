"""A log-in belongs to its person: whatever Acme does to an address, it never gets to Globex by it, or anybody out."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select, update

from dashboard.config import Settings
from dashboard.store.models import AccountUser, ApiToken, Invitation, User
from tests.desks import NOON, Acme
from tests.pages import AtOnce, composed
from tests.security import persons
from tests.security.persons import GIVEN, NEW, OWN, PIA, Accounts, accept, choices, hire, is_in, join, link, send


@pytest.fixture
def worker(settings: Settings) -> Iterator[AtOnce]:
    """A queue whose jobs are done at once."""
    queue = AtOnce(settings)
    yield queue
    queue.close()


@pytest.fixture
def app(acme: Acme, settings: Settings, worker: AtOnce) -> Flask:
    """The whole application."""
    return composed(settings, worker)


@pytest.fixture
def both(app: Flask, acme: Acme) -> Accounts:
    """Acme and Globex."""
    return persons.accounts(app, acme)


def test_who_made_the_address_first_does_not_get_to_the_account_that_adds_it(both: Accounts) -> None:
    """Seen to fail with the log-in of an address shared by the accounts."""
    ours = hire(both.acme, password=GIVEN)
    _, pia = join(both, both.globex, role="administrator")

    both.acme.patch(f"/agents/{ours}", {"password": "another of Acme's choice"})
    with_password = both.log_in("another of Acme's choice")
    assert is_in(with_password, "Acme")
    assert choices(with_password) == []
    assert send(with_password, "/settings/password", "/accounts/2/session").status_code == 404
    both.acme.patch(f"/agents/{ours}", {"active": False})

    assert both.log_in("another of Acme's choice").get("/").status_code == 303
    assert is_in(pia, "Globex")
    assert is_in(both.log_in(OWN), "Globex")


@pytest.mark.parametrize(
    "spelling", ["PIA@PERSON.EXAMPLE", " pia@person.example ", "pia@PersoN.example", "pia@\uff50erson.example"]
)
def test_no_spelling_of_the_address_leads_there_either(both: Accounts, spelling: str) -> None:
    """Seen to fail, with three of them, with the log-in of an address shared by the accounts."""
    join(both, both.globex)
    hire(both.acme, spelling, password=GIVEN)

    for typed in (spelling, PIA, PIA.upper()):
        assert not is_in(both.log_in(GIVEN, typed), "Globex")
    assert is_in(both.log_in(OWN), "Globex")


def test_a_link_that_acme_opens_itself_opens_acme_alone(both: Accounts) -> None:
    """Pia has one log-in for both. Seen to fail with the password of that log-in set by the link: it opened Globex."""
    _, pia = join(both, both.globex)
    ours = hire(both.acme)
    assert accept(pia, link(both.acme, ours)).status_code == 303
    assert choices(pia) == ["Acme", "Globex"]

    thief = both.door()
    send(thief, link(both.acme, ours), password=GIVEN, again=GIVEN)

    assert is_in(thief, "Acme")
    assert choices(thief) == choices(both.log_in(GIVEN)) == []
    assert not is_in(pia, "Acme")
    assert is_in(both.log_in(NEW), "Globex")


def test_nobody_accepts_for_somebody_else(both: Accounts) -> None:
    """Seen to fail with the addresses not compared: it was accepted."""
    theirs = hire(both.globex)
    path = link(both.globex, theirs)
    agent = hire(both.acme, "eve@acme.example", password=GIVEN)
    eve = both.log_in(GIVEN, "eve@acme.example")
    send(eve, "/settings/password", current=GIVEN, password=OWN, again=OWN)

    answer = accept(eve, path)

    assert answer.status_code == 409
    assert "You are logged in as eve@acme.example" in answer.text
    assert both.globex.get(f"/agents/{theirs}").json["log_in"] == "invited"
    assert is_in(eve, "Acme"), agent


def test_a_link_works_once(both: Accounts) -> None:
    """Seen to fail with the row of the invitation left in place."""
    path = link(both.globex, hire(both.globex))
    send(both.door(), path, password=OWN, again=OWN)

    again = both.door()

    assert again.get(path).status_code == 404
    assert send(again, "/login", path, password=GIVEN, again=GIVEN).status_code == 404
    assert both.log_in(GIVEN).get("/").status_code == 303


def test_of_many_who_accept_at_once_one_comes_in(both: Accounts) -> None:
    """Seen to fail with the link looked at instead of used up: all came in."""
    path = link(both.globex, hire(both.globex))
    everybody, statuses = threading.Barrier(6), []

    def accept() -> None:
        door, password = both.door(), f"{OWN} {threading.get_ident()}"
        token = persons.TOKEN.search(door.get(path).text)
        everybody.wait()
        form = {"csrf_token": token[1] if token else "", "password": password, "again": password}
        statuses.append(door.post(path, data=form).status_code)

    threads = [threading.Thread(target=accept) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [303] + [404] * 5


@pytest.mark.parametrize("way", ["withdrawn", "replaced", "expired", "deactivated", "moved"])
def test_a_link_that_was_taken_back_works_no_more(both: Accounts, acme: Acme, way: str) -> None:
    """Seen to fail, way by way, with the line left out that ends it; of `deactivated` after the reactivation."""
    agent = hire(both.globex)
    path = link(both.globex, agent)

    if way == "withdrawn":
        assert both.globex.delete(f"/agents/{agent}/invitations").status_code == 204
    elif way == "replaced":
        link(both.globex, agent)
    elif way == "expired":
        acme.work.session.execute(update(Invitation).values(expires_at=NOON))
        acme.work.session.commit()
    elif way == "deactivated":
        both.globex.patch(f"/agents/{agent}", {"active": False})
        both.globex.patch(f"/agents/{agent}", {"active": True})
    else:
        both.globex.patch(f"/agents/{agent}", {"email": "pia@elsewhere.example"})

    assert both.door().get(path).status_code == 404
    assert send(both.door(), "/login", path, password=OWN, again=OWN).status_code == 404


def test_a_mail_scanner_uses_no_link_up(both: Accounts) -> None:
    """Seen to fail with the link used up by a look."""
    path = link(both.globex, hire(both.globex))

    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        assert both.door().open(path, method=method).status_code == 200

    assert send(both.door(), path, password=OWN, again=OWN).status_code == 303


def test_the_page_of_a_link_does_not_tell_whether_the_address_is_known(both: Accounts) -> None:
    """Globex's administrator may open it before Pia does."""
    join(both, both.acme)
    known, unknown = (link(both.globex, hire(both.globex, email)) for email in (PIA, "new@person.example"))

    pages = [
        persons.TOKEN.sub("", both.door().get(path).text).replace(email, "").replace(path, "")
        for path, email in ((known, PIA), (unknown, "new@person.example"))
    ]
    done = [send(both.door(), path, password=GIVEN, again=GIVEN) for path in (known, unknown)]

    assert pages[0] == pages[1]
    assert [(one.status_code, one.location) for one in done] == [(303, "/")] * 2
    assert is_in(both.log_in(OWN), "Acme")


def test_a_log_in_takes_as_long_whatever_number_of_accounts_has_the_address(both: Accounts, acme: Acme) -> None:
    """All passwords of an address have one salt, so one comparison finds those that match.

    Seen to fail with each password kept with a salt of its own.
    """
    join(both, both.globex)
    ours = hire(both.acme, "somebody@person.example", password=GIVEN)
    both.acme.patch(f"/agents/{ours}", {"email": PIA})
    both.acme.patch(f"/agents/{ours}", {"password": GIVEN})
    send(both.door(), link(both.globex, hire(both.globex, "other@person.example")), password=OWN, again=OWN)

    wanted = select(AccountUser.email, User.password_hash).join(User, User.id == AccountUser.log_in_id)
    kept = [(row.email, row.password_hash) for row in acme.work.session.execute(wanted) if row.password_hash]
    salts = {kept_hash.rpartition("$")[0] for email, kept_hash in kept if email == PIA}

    assert [email for email, _ in kept].count(PIA) == 2
    assert len(salts) == 1
    assert len({kept_hash.rpartition("$")[0] for _, kept_hash in kept}) == 2


def test_an_account_that_adds_somebody_and_deletes_them_logs_nobody_out_elsewhere(both: Accounts) -> None:
    """Seen to fail with the epoch of the log-in raised: Pia was out of Globex too."""
    _, pia = join(both, both.globex)

    ours = hire(both.acme)
    both.acme.delete(f"/agents/{ours}")
    both.acme.patch(f"/agents/{ours}", {"active": True})
    assert is_in(pia, "Globex")
    assert accept(pia, link(both.acme, ours)).status_code == 303
    there = both.log_in(NEW)
    assert send(there, "/accounts", "/accounts/2/session").status_code == 303
    both.acme.delete(f"/agents/{ours}")

    assert is_in(there, "Globex")
    assert pia.get("/").status_code == 303
    assert choices(both.log_in(NEW)) == []


def test_a_session_of_an_account_does_not_come_back_with_the_membership(both: Accounts) -> None:
    """Seen to fail with end_sessions emptied, and with the epoch not raised by another log-in."""
    theirs, pia = join(both, both.globex)

    both.globex.delete(f"/agents/{theirs}")
    both.globex.patch(f"/agents/{theirs}", {"active": True})
    out = pia.get("/").status_code
    back = both.log_in(OWN)
    send(both.door(), link(both.globex, theirs), password=GIVEN, again=GIVEN)

    assert out == 303
    assert back.get("/").status_code == 303


def test_an_account_that_deactivated_somebody_is_no_choice(both: Accounts) -> None:
    """Seen to fail with inactive memberships among those that a session may enter."""
    _, pia = join(both, both.globex)
    ours = hire(both.acme)
    accept(pia, link(both.acme, ours))
    door = both.log_in(NEW)
    assert choices(door) == ["Acme", "Globex"]

    both.acme.delete(f"/agents/{ours}")

    assert choices(door) == ["Globex"]
    assert send(door, "/accounts", "/accounts/1/session").status_code == 404
    assert send(door, "/accounts", "/accounts/2/session").status_code == 303
    assert is_in(door, "Globex")


def test_a_password_that_two_accounts_gave_opens_both_to_who_knows_it(both: Accounts) -> None:
    """Two log-ins of one address and one password: they stay two, and are chosen from at the log-in."""
    for caller in (both.acme, both.globex):
        hire(caller, password=GIVEN)
    door = both.log_in(GIVEN)
    assert choices(door) == ["Acme", "Globex"]

    assert send(door, "/accounts", "/accounts/1/session").status_code == 303
    send(door, "/settings/password", current=GIVEN, password=OWN, again=OWN)

    assert is_in(both.log_in(OWN), "Acme")
    assert is_in(both.log_in(GIVEN), "Globex")


def test_a_cookie_from_before_the_choice_enters_nothing_after_it(both: Accounts) -> None:
    """Seen to fail with the session not ended by the choice."""
    _, pia = join(both, both.globex)
    accept(pia, link(both.acme, hire(both.acme)))
    door, thief = both.log_in(NEW), both.door()
    cookie = door.get_cookie("evenhand")
    assert cookie
    thief.set_cookie("evenhand", cookie.value)
    assert choices(thief) == ["Acme", "Globex"]

    send(door, "/accounts", "/accounts/1/session")

    assert choices(thief) == []
    assert is_in(door, "Acme")


def test_who_logs_in_after_somebody_else_does_not_get_their_accounts(both: Accounts) -> None:
    """Seen to fail with the memberships added to those of the session before."""
    _, pia = join(both, both.globex)
    accept(pia, link(both.acme, hire(both.acme)))
    hire(both.acme, "eve@acme.example", password=GIVEN)
    door = both.log_in(NEW)
    assert choices(door) == ["Acme", "Globex"]

    persons.log_in(door, "eve@acme.example", GIVEN)

    assert is_in(door, "Acme")
    assert choices(door) == []
    assert send(door, "/settings/password", "/accounts/2/session").status_code == 404


def test_another_password_ends_the_choice_as_well(both: Accounts) -> None:
    """Seen to fail with the epochs of a session's memberships not compared."""
    _, pia = join(both, both.globex)
    accept(pia, link(both.acme, hire(both.acme)))
    door = both.log_in(NEW)
    assert choices(door) == ["Acme", "Globex"]

    send(pia, "/settings/password", current=NEW, password=OWN, again=OWN)

    assert choices(door) == []
    assert choices(pia) == ["Acme", "Globex"]


def test_no_forged_form_accepts_or_switches(both: Accounts) -> None:
    """Seen to fail with refuse_forged_forms left out of the pages."""
    _, pia = join(both, both.globex)
    theirs = hire(both.acme)
    path = link(both.acme, theirs)

    for where in (path, "/accounts/1/session"):
        for form in ({}, {"csrf_token": "forged"}):
            assert pia.post(where, data=form).status_code == 400
            assert both.door().post(where, data={"password": GIVEN, "again": GIVEN, **form}).status_code == 400

    assert both.acme.get(f"/agents/{theirs}").json["log_in"] == "invited"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\nb"])
def test_no_form_leads_to_another_site(both: Accounts, elsewhere: str) -> None:
    """Seen to fail with the address taken as it came."""
    _, pia = join(both, both.globex)
    accept(pia, link(both.acme, hire(both.acme)))

    entered = send(pia, "/accounts", "/accounts/2/session", next=elsewhere)
    form = {"current": NEW, "password": OWN, "again": OWN, "next": elsewhere}
    changed = send(pia, "/settings/password", **form)
    left = send(pia, "/accounts", "/logout", next=elsewhere)

    assert [one.location for one in (entered, changed, left)] == ["/", "/settings/password", "/login"]


def test_a_token_of_acme_for_pia_opens_acme_alone(both: Accounts, acme: Acme) -> None:
    join(both, both.globex, role="administrator")
    ours = hire(both.acme, role="administrator")
    both.acme.token = both.acme.post("/tokens", {"user_id": ours}).json["token"]

    assert both.acme.get("").status_code == 200
    both.acme.account_id = both.globex.account_id
    assert both.acme.get("").status_code == 404
    assert acme.work.session.scalars(select(ApiToken.account_id).where(ApiToken.user_id == ours)).all() == [1]


def test_of_two_who_add_an_address_at_once_one_does(both: Accounts) -> None:
    """Seen to fail without the unique key of address and account."""
    everybody, statuses = threading.Barrier(4), []

    def add(number: int) -> None:
        caller = persons.Caller(both.app.test_client(), 1, 0, both.acme.token)
        everybody.wait()
        statuses.append(caller.post("/agents", {"name": f"Pia {number}", "email": PIA}).status_code)

    threads = [threading.Thread(target=add, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [201, 422, 422, 422]
