"""Texts of the stores' errors without values: errors are logged, and values may be customers' texts."""

import re

import psycopg
from redis.exceptions import RedisError
from sqlalchemy import ExceptionContext

# These errors quote values. The others name only tables and constraints; rows are in their details.
QUOTING = (psycopg.DataError, psycopg.errors.SyntaxError, psycopg.errors.RaiseException)
LEFT_OUT = "what it says is left out, for it quotes values"
COMMAND = re.compile(r"^Command # \d+ \(.*\) of pipeline caused error: ", re.DOTALL)


def leave_values_out(context: ExceptionContext) -> None:
    """Shorten the driver's error text before it can be logged."""
    error = context.original_exception
    if not isinstance(error, psycopg.Error):
        return
    said = LEFT_OUT if isinstance(error, QUOTING) else (str(error).splitlines() or [""])[0]
    error.args = (said,)
    if wrapped := context.sqlalchemy_exception:
        wrapped.args = (f"({type(error).__module__}.{type(error).__name__}) {said}",)


def without_command(error: RedisError) -> str:
    """Return the text of a Redis error without its command."""
    error.args = (COMMAND.sub("", str(error)),)
    return str(error)
