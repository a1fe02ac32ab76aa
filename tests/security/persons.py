"""Two accounts that do not trust each other, and Pia, whom both have."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.conftest import Caller
from tests.desks import Acme
from tests.pages import TOKEN
from tests.security.worlds import token_of
from tests.web.accounts.test_sessions import log_in

PIA = "pia@person.example"
OWN = "a pass phrase of Pia's own"
NEW = "another pass phrase of Pia's own"
GIVEN = "a pass phrase of Acme's choice"


@dataclass(slots=True, kw_only=True)
class Accounts:
    """Acme, whose administrator means harm, and Globex, which wants Pia for an administrator."""

    app: Flask
    acme: Caller
    globex: Caller

    def door(self) -> FlaskClient:
        """Return a browser that nobody has logged in with."""
        return self.app.test_client()

    def log_in(self, password: str, email: str = PIA) -> FlaskClient:
        """Return a browser in which somebody tried to log in."""
        door = self.door()
        log_in(door, email, password)
        return door


def accounts(app: Flask, acme: Acme) -> Accounts:
    """Return both, with an administrator each who calls the API."""
    here, there = (
        Caller(app.test_client(), account_id, 0, token_of(acme, account_id))
        for account_id in (acme.account_id, acme.account_id + 1)
    )
    return Accounts(app=app, acme=here, globex=there)


def hire(caller: Caller, email: str = PIA, **facts: object) -> int:
    """Make an agent of this address."""
    made = caller.post("/agents", {"name": "Pia", "email": email, **facts})
    assert made.status_code == 201, made.text
    return int(made.json["id"])


def link(caller: Caller, agent_id: int) -> str:
    """Invite an agent, and return the path of the link."""
    made = caller.post(f"/agents/{agent_id}/invitations")
    assert made.status_code == 201, made.text
    return urlsplit(made.json["url"]).path


def join(accounts: Accounts, caller: Caller, password: str = OWN, **facts: object) -> tuple[int, FlaskClient]:
    """Let Pia join an account by its link and a password of her own; return her id and her browser."""
    agent_id, door = hire(caller, **facts), accounts.door()
    assert send(door, link(caller, agent_id), password=password, again=password).status_code == 303
    return agent_id, door


def accept(door: FlaskClient, path: str, current: str = OWN, password: str = NEW) -> TestResponse:
    """Accept an invitation while logged in, which takes another password."""
    return send(door, path, current=current, password=password, again=password)


def send(door: FlaskClient, path: str, to: str = "", **form: str) -> TestResponse:
    """Send a form of a page, to another address if one is named."""
    token = TOKEN.search(door.get(path).text)
    return door.post(to or path, data={"csrf_token": token[1] if token else "", **form})


def is_in(door: FlaskClient, account: str) -> bool:
    """Tell whether the browser is in the account of this name."""
    page = door.get("/settings/password")
    return page.status_code == 200 and f">{account}</" in page.text


def choices(door: FlaskClient) -> list[str]:
    """Return the accounts that a browser may choose from."""
    page = door.get("/accounts", follow_redirects=True).text
    return [name for name in ("Acme", "Globex") if f"<b>{name}</b>" in page]
