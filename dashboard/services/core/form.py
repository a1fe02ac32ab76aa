"""A form: what may be given, under which name, and the frozen value that it makes."""

from dataclasses import fields
from enum import Enum
from typing import Any, ClassVar

from marshmallow import Schema, post_load


class Unset(Enum):
    """The kind of what was left out, as opposed to null."""

    UNSET = "unset"


UNSET = Unset.UNSET


class Form(Schema):
    """Refuses unknown fields; `root` is the name under which the object may come wrapped."""

    root: ClassVar[str] = ""
    makes: ClassVar[type]

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Any:
        """Return the value that services take."""
        return self.makes(**data)


def sent_fields(edit: object) -> dict[str, Any]:
    """Return what an edit changes: its fields that were not left out."""
    said = {field.name: getattr(edit, field.name) for field in fields(edit)}  # type: ignore[arg-type]
    return {name: value for name, value in said.items() if value is not UNSET}
