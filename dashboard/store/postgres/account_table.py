"""Access to one account's rows by id: find, list, add, change and delete, for every kind of row."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Row, Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import Base
from dashboard.store.models.base import InAccount
from dashboard.store.postgres.bulk import json_row
from dashboard.store.postgres.database import Session

R = TypeVar("R")


class AccountTable(Generic[R]):
    """A table and the frozen class of its rows; computed columns are given by name."""

    def __init__(self, model: type[Any], kind: type[R], **computed: ColumnElement[Any]) -> None:
        if not issubclass(model, Base) or not issubclass(model, InAccount):
            raise TypeError("a shelf is for rows of one account")
        self._model = model
        self._kind = kind
        self._computed = frozenset(computed)
        names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        self._columns = [computed.get(name, getattr(model, name, None)).label(name) for name in names]  # type: ignore[union-attr]

    def find(self, session: Session, account_id: int, row_id: int) -> R | None:
        """Return the row, None if the account does not have it."""
        row = session.execute(self._wanted(account_id).where(self._model.id == row_id)).one_or_none()
        return self._value(row) if row else None

    def lock(self, session: Session, account_id: int, row_id: int) -> R | None:
        """Return the row, locked against changes and new references until this transaction ends."""
        held = select(self._model.id).where(self._model.account_id == account_id, self._model.id == row_id)
        return self.find(session, account_id, row_id) if session.scalar(held.with_for_update()) else None

    def page(self, session: Session, account_id: int, wanted: Page) -> Listed[R]:
        """Return one page of the rows, by id."""
        count = session.scalar(
            select(func.count()).select_from(self._model).where(self._model.account_id == account_id)
        )
        rows = self._wanted(account_id).order_by(self._model.id).limit(wanted.per_page).offset(wanted.offset)
        return listed(map(self._value, session.execute(rows)), count or 0, wanted)

    def all(self, session: Session, account_id: int, *which: ColumnElement[bool]) -> list[R]:
        """Return the matching rows, by id."""
        rows = self._wanted(account_id).where(*which).order_by(self._model.id)
        return [self._value(row) for row in session.execute(rows)]

    def some(self, session: Session, account_id: int, row_ids: Collection[int]) -> list[R]:
        """Return those of these rows that the account has."""
        return self.all(session, account_id, self._model.id == func.any(list(row_ids)))

    def add(self, session: Session, account_id: int, values: Mapping[str, Any]) -> int | None:
        """Insert a row and return its id, None if a unique value is taken."""
        new = insert(self._model).values(account_id=account_id, **values).on_conflict_do_nothing()
        return session.scalar(new.returning(self._model.id))

    def change(self, session: Session, row_id: int, values: Mapping[str, Any]) -> bool:
        """Update a row; write nothing and return False if a unique value is taken."""
        try:
            with session.begin_nested():
                session.execute(update(self._model).where(self._model.id == row_id).values(**values))
        except IntegrityError:
            return False
        return True

    def remove(self, session: Session, row_id: int) -> None:
        session.execute(delete(self._model).where(self._model.id == row_id))

    def facts(self, row: R) -> Mapping[str, Any]:
        """Return the row's stored fields, without computed ones."""
        return {name: value for name, value in json_row(row).items() if name not in self._computed}

    def _wanted(self, account_id: int) -> Select[Any]:
        return select(*self._columns).where(self._model.account_id == account_id)

    def _value(self, row: Row[Any]) -> R:
        return self._kind(**{name: _frozen(value) for name, value in row._mapping.items()})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
