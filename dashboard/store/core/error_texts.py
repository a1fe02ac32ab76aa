"""The texts of stores' errors without the values in them, which are customers' words: errors are logged."""

import re

import psycopg
from redis.exceptions import RedisError
from sqlalchemy import ExceptionContext

# Their messages quote what was given. Those of the others name tables and constraints; rows stand in their details.
QUOTING = (psycopg.DataError, psycopg.errors.SyntaxError, psycopg.errors.RaiseException)
LEFT_OUT = "what it says is left out, for it quotes values"
COMMAND = re.compile(r"^Command # \d+ \(.*\) of pipeline caused error: ", re.DOTALL)


def leave_values_out(context: ExceptionContext) -> None:
    """Shorten what the driver says of an error, before anybody can log it."""
    error = context.original_exception
    if not isinstance(error, psycopg.Error):
        return
    said = LEFT_OUT if isinstance(error, QUOTING) else (str(error).splitlines() or [""])[0]
    error.args = (said,)
    if wrapped := context.sqlalchemy_exception:
        wrapped.args = (f"({type(error).__module__}.{type(error).__name__}) {said}",)


def without_command(error: RedisError) -> str:
    """Return what Redis says of an error, without the command that it is about."""
    error.args = (COMMAND.sub("", str(error)),)
    return str(error)
