"""flask accounts and flask tokens (api.md section 9)."""

import json

from flask import Flask
from sqlalchemy import func, select

from dashboard import cli, config
from dashboard.services import sessions
from dashboard.store.models import Account, ApiToken
from tests.api.conftest import Caller
from tests.desks import Acme

CREATE = ["accounts", "create", "Initech", "--email", "Peter@Initech.example", "--password", "tps reports"]


def run(app: Flask, *words: str):
    cli.register(app, config.load({"SECRET_KEY": "x"}))
    return app.test_cli_runner().invoke(args=list(words))


def test_an_account_comes_with_an_administrator_and_a_token(app: Flask, acme: Acme) -> None:
    made = run(app, *CREATE)

    assert made.exit_code == 0
    answer = json.loads(made.stdout)
    assert set(answer) == {"account_id", "user_id", "token"}
    caller = Caller(app.test_client(), answer["account_id"], answer["user_id"], answer["token"])
    assert caller.get("").json == {"id": answer["account_id"], "name": "Initech", "assignment_v2": True}
    [agent] = caller.get("/agents").json["data"]
    assert (agent["id"], agent["email"], agent["role"]) == (answer["user_id"], "peter@initech.example", "administrator")
    assert sessions.log_in(acme.desk, "peter@initech.example", "tps reports") is not None


def test_only_the_hash_of_a_token_is_kept(app: Flask, acme: Acme) -> None:
    token = json.loads(run(app, *CREATE).stdout)["token"]

    [kept] = acme.desk.session.scalars(select(ApiToken.token_hash))
    assert token not in kept
    assert len(kept) == 64


def test_an_address_may_found_a_second_account_with_its_own_password_only(app: Flask, acme: Acme) -> None:
    first = json.loads(run(app, *CREATE).stdout)

    second = run(app, "accounts", "create", "Umbrella", "--email", "peter@initech.example", "--password", "tps reports")
    wrong = run(app, "accounts", "create", "Hooli", "--email", "peter@initech.example", "--password", "other one")

    assert json.loads(second.stdout)["user_id"] == first["user_id"]
    assert wrong.exit_code == 1
    assert "password" in wrong.stderr
    assert acme.desk.session.scalar(select(func.count()).where(Account.name == "Hooli")) == 0


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


def test_a_token_for_nobody_is_refused(app: Flask, acme: Acme) -> None:
    refused = run(app, "tokens", "create", "--account", str(acme.account_id), "--email", "nobody@acme.example")

    assert refused.exit_code == 1
    assert "no active agent" in refused.stderr
