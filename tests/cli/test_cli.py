"""flask accounts and flask tokens (api.md section 9)."""

import json

from flask import Flask
from sqlalchemy import select

from dashboard import clock, config
from dashboard.cli import accounts
from dashboard.services.accounts import invitations, sessions
from dashboard.store.models import ApiToken
from tests.api.conftest import Caller
from tests.desks import Acme

CREATE = ["accounts", "create", "Initech", "--email", "Peter@Initech.example", "--password", "tps reports"]


def run(app: Flask, *words: str):
    accounts.register(app, config.load({"SECRET_KEY": "x"}))
    return app.test_cli_runner().invoke(args=list(words))


def test_an_account_comes_with_an_administrator_and_a_token(app: Flask, acme: Acme) -> None:
    made = run(app, *CREATE)

    assert made.exit_code == 0
    answer = json.loads(made.stdout)
    assert set(answer) == {"account_id", "user_id", "token"}
    caller = Caller(app.test_client(), answer["account_id"], answer["user_id"], answer["token"])
    account = caller.get("").json
    assert (account["id"], account["name"], account["assignment_v2"]) == (answer["account_id"], "Initech", True)
    [agent] = caller.get("/agents").json["data"]
    assert (agent["id"], agent["email"], agent["role"]) == (answer["user_id"], "peter@initech.example", "administrator")
    assert len(sessions.log_in(acme.work, "peter@initech.example", "tps reports")) == 1


def test_only_the_hash_of_a_token_is_kept(app: Flask, acme: Acme) -> None:
    token = json.loads(run(app, *CREATE).stdout)["token"]

    [kept] = acme.work.session.scalars(select(ApiToken.token_hash))
    assert token not in kept
    assert len(kept) == 64


def test_an_address_founds_a_second_account_whatever_others_have_of_it(app: Flask, acme: Acme) -> None:
    """Seen to fail with the log-in of an address shared: whoever had it first kept its person from founding."""
    first = json.loads(run(app, *CREATE).stdout)

    second = run(app, "accounts", "create", "Umbrella", "--email", "peter@initech.example", "--password", "tps reports")
    third = run(app, "accounts", "create", "Hooli", "--email", "peter@initech.example", "--password", "other one")

    assert json.loads(second.stdout)["user_id"] != first["user_id"]
    assert third.exit_code == 0
    opened = [one.account_name for one in sessions.log_in(acme.work, "peter@initech.example", "tps reports")]
    assert opened == ["Initech", "Umbrella"]


def test_what_makes_no_account_is_refused_in_a_sentence(app: Flask, acme: Acme) -> None:
    for words in (
        ["accounts", "create", "", "--email", "a@b.example", "--password", "tps reports"],
        ["accounts", "create", "X", "--email", "nobody", "--password", "tps reports"],
        ["accounts", "create", "X", "--email", "a@b.example", "--password", ""],
        ["accounts", "create", "X", "--email", "a@b.example"],
    ):
        refused = run(app, *words)
        assert refused.exit_code != 0
        assert refused.stderr
        assert not refused.stdout


def test_a_token_acts_for_the_agent_of_an_address(app: Flask, acme: Acme) -> None:
    made = run(app, "tokens", "create", "--account", str(acme.account_id), "--email", f"ANA@{acme.account_id}.example")

    token = json.loads(made.stdout)["token"]
    caller = Caller(app.test_client(), acme.account_id, acme.agents["Ana"], token)
    assert caller.get(f"/agents/{acme.agents['Ana']}").json["name"] == "Ana"
    assert caller.get("/agents").status_code == 403


def test_who_lost_their_password_chooses_another_by_a_link_from_the_command_line(app: Flask, acme: Acme) -> None:
    words = ["--account", str(acme.account_id), "--email"]
    made = run(app, "invitations", "create", *words, f"ANA@{acme.account_id}.example")
    nobody = run(app, "invitations", "create", *words, "nobody@acme.example")

    base, _, token = json.loads(made.stdout)["url"].rpartition("/")
    assert base == "http://127.0.0.1:8000/invitations"
    assert (
        acme.work.finished(invitations.accept_anew(acme.work, token, "another pass phrase", now=clock.now()))
        is not None
    )
    assert (nobody.exit_code, "no active agent" in nobody.stderr) == (1, True)


def test_a_token_for_nobody_is_refused(app: Flask, acme: Acme) -> None:
    refused = run(app, "tokens", "create", "--account", str(acme.account_id), "--email", "nobody@acme.example")

    assert refused.exit_code == 1
    assert "no active agent" in refused.stderr
