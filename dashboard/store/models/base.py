"""The common parts of all tables: names of constraints, aware instants, enums as checked text."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from sqlalchemy import (
    BigInteger,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    MetaData,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
AccountId = Annotated[
    int, mapped_column(BigInteger, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, sort_order=-1)
]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
Words = Annotated[list[str], mapped_column(ARRAY(Text), server_default="{}")]

# Names became unique when duplicates existed: all rows but the oldest of each name are doubles, until renamed.
NO_DOUBLE = text("NOT is_double")
# Never one that it was before, even where a restored backup has brought a row or its id back. Older releases add 1.
# Spelled as Postgres does: so it is found the same in the tables.
NEW_EPOCH = text("((random() * (999999999999.0)::double precision))::bigint")


class Base(DeclarativeBase):
    """The tables' base; its naming convention gives every constraint a name that a migration can drop."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {int: BigInteger, str: Text, datetime: DateTime(timezone=True)}


class InAccount:
    """A row of one account, with its own id."""

    id: Mapped[Id]
    account_id: Mapped[AccountId]


def word(kind: type[StrEnum], name: str) -> Enum:
    """Return a text column type with a check constraint for the enum's values."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda words: [w.value for w in words],
    )


def same_account(column: str, target: str, *, ondelete: str) -> ForeignKeyConstraint:
    """Return a foreign key that only a row of the same account can satisfy.

    SET NULL is unsuitable: before Postgres 15 it would set the account to null as well.
    """
    key = "user_id" if target == "account_users" else "id"
    return ForeignKeyConstraint(["account_id", column], [f"{target}.account_id", f"{target}.{key}"], ondelete=ondelete)
