"""The base of all forms: it validates fields and builds a frozen value."""

from dataclasses import fields
from enum import Enum
from typing import Any, ClassVar

from marshmallow import Schema, post_load


class Unset(Enum):
    """The type of an omitted field, as opposed to null."""

    UNSET = "unset"


UNSET = Unset.UNSET


class Form(Schema):
    """A schema that refuses unknown fields; `root` names an optional wrapper object."""

    root: ClassVar[str] = ""
    makes: ClassVar[type]

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Any:
        """Return the frozen value for services."""
        return self.makes(**data)


def sent_fields(edit: object) -> dict[str, Any]:
    """Return the fields of an edit that the request contains."""
    said = {field.name: getattr(edit, field.name) for field in fields(edit)}  # type: ignore[arg-type]
    return {name: value for name, value in said.items() if value is not UNSET}
