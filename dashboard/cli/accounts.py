"""flask accounts, tokens and invitations: access for the first person, or for a person without access. Prints JSON."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
from flask import Flask
from flask.cli import AppGroup
from marshmallow import ValidationError

from dashboard import clock
from dashboard.config import Settings
from dashboard.http import finished, invitation_link, unit_of_work
from dashboard.services.accounts import accounts, invitations, tokens
from dashboard.services.accounts.account_forms import NewAccountForm
from dashboard.store.core.errors import UNREACHABLE, StoreUnavailable

P = ParamSpec("P")
R = TypeVar("R")
accounts_group = AppGroup("accounts", help="Accounts.")
tokens_group = AppGroup("tokens", help="API tokens.")
invitations_group = AppGroup("invitations", help="Links that let agents log in.")
HERE = "http://127.0.0.1:8000"


def register(app: Flask, _settings: Settings) -> None:
    """Add the groups to the application's commands."""
    for group in (accounts_group, tokens_group, invitations_group):
        app.cli.add_command(group)


@accounts_group.command("create")
@click.argument("name")
@click.option("--email", required=True, help="The administrator's address.")
@click.option("--password", required=True, help="Their password.")
def create_account(name: str, email: str, password: str) -> None:
    """Create an account with an administrator and an API token."""
    try:
        new = NewAccountForm().load({"name": name, "email": email, "password": password})
    except ValidationError as error:
        _refuse(error.messages_dict)
    made = finished(accounts.create_account(unit_of_work(), new, now=clock.now()))
    _print(account_id=made.account_id, user_id=made.user_id, token=made.token)


@tokens_group.command("create")
@click.option("--account", "account_id", type=int, required=True, help="The account's id.")
@click.option("--email", required=True, help="The address of one of its agents.")
def create_token(account_id: int, email: str) -> None:
    """Create a token with the role of the agent. The token is printed only once."""
    made = finished(tokens.create_for_address(unit_of_work(), account_id, email, now=clock.now()))
    if made is None:
        _refuse_agent(account_id, email)
    _print(token=made.text)


@invitations_group.command("create")
@click.option("--account", "account_id", type=int, required=True, help="The account's id.")
@click.option("--email", required=True, help="The address of one of its agents.")
def create_invitation(account_id: int, email: str) -> None:
    """Create a link by which the agent chooses a password. It is printed once, works once, and expires after a day."""
    made = finished(invitations.invite_address(unit_of_work(), account_id, email, now=clock.now()))
    if made is None:
        _refuse_agent(account_id, email)
    _print(url=invitation_link(made, asked_as=HERE))


def tell_of_stores_in_a_sentence(group: click.Group) -> None:
    """End every command of a group with one sentence if a store does not answer."""
    for command in group.commands.values():
        if isinstance(command, click.Group):
            tell_of_stores_in_a_sentence(command)
        elif command.callback:
            command.callback = _in_a_sentence(command.callback)


def _in_a_sentence(act: Callable[P, R]) -> Callable[P, R]:
    @wraps(act)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except (StoreUnavailable, *UNREACHABLE) as error:
            said = str(error).splitlines()[0]
            raise click.ClickException(f"A store does not answer ({said}): start it, and try again.") from error

    return guarded


def _refuse_agent(account_id: int, email: str) -> NoReturn:
    raise click.ClickException(f"Account {account_id} has no active agent with the address {email}.")


def _refuse(errors: Any) -> NoReturn:
    said = [f"{field}: {' '.join(messages)}" for field, messages in dict(errors).items()]
    raise click.ClickException(" ".join(said))


def _print(**answer: object) -> None:
    click.echo(json.dumps(answer))
