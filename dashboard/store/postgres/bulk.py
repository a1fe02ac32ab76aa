"""Any number of rows in one statement: Postgres reads them from one JSON parameter."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import JSON, FromClause, Insert, Table, Text, bindparam, func, insert, literal_column, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert

from dashboard.store.models import Base


def table_of(model: type[Base]) -> Table:
    """Return the table of a model: the ORM does not rewrite Core statements."""
    return cast(Table, model.__table__)


def json_row(row: Any) -> dict[str, object]:
    """Return a frozen value's fields by name."""
    return {name: getattr(row, name) for name in _names(row.__class__)}


def as_json(rows: Iterable[Mapping[str, object]]) -> str:
    """Return the rows as JSON for Postgres."""
    return json.dumps(list(rows), default=_plain)


def bind_json(rows: Iterable[Mapping[str, object]]) -> Mapping[str, str]:
    """Return the parameters of a statement over `given` rows."""
    return {"rows": as_json(rows)}


def bind_array(values: Iterable[float | datetime | None]) -> str:
    """Return the values as one string that Postgres casts to an array: lists take the driver much longer."""
    return f"{{{','.join('NULL' if value is None else str(value) for value in values)}}}"


@cache
def rows_from_json(model: type[Base]) -> FromClause:
    """Return the given rows as a source to select from, with the table's column types; missing fields are null."""
    table = table_of(model)
    recordset = func.json_populate_recordset(
        literal_column(f"NULL::{table.name}"), sql_cast(bindparam("rows", type_=Text), JSON)
    )
    return cast(FromClause, recordset.table_valued(*table.columns, name="given"))


@cache
def insert_rows(model: type[Base], names: tuple[str, ...]) -> Insert:
    """Return the insert of these columns of the given rows; cached, because building it costs as much as running it."""
    return insert(table_of(model)).from_select(*_columns(model, names))


@cache
def insert_new(model: type[Base], names: tuple[str, ...]) -> PostgresInsert:
    """Return the same insert; it skips rows that a unique key already has."""
    return postgres_insert(table_of(model)).from_select(*_columns(model, names)).on_conflict_do_nothing()


@cache
def upsert_rows(
    model: type[Base], names: tuple[str, ...], *, key: tuple[str, ...], changed: tuple[str, ...]
) -> PostgresInsert:
    """Return the same insert; of rows that `key` already has, it updates the `changed` columns."""
    new = postgres_insert(table_of(model)).from_select(*_columns(model, names))
    return new.on_conflict_do_update(index_elements=key, set_={name: new.excluded[name] for name in changed})


def _columns(model: type[Base], names: tuple[str, ...]) -> Any:
    source = rows_from_json(model)
    return list(names), select(*(source.c[name] for name in names))


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"not a column's value: {value!r}")
