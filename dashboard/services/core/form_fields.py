"""Field types of forms and answers, with their limits."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from marshmallow import ValidationError, fields, validate

from dashboard.store.core.texts import can_be_kept

LARGEST_ID = 2**63 - 1
LONGEST_ID = len(str(LARGEST_ID))
# Any sum of one such instant and the span between two others still fits into Python's and Postgres's types.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
RANGE = f"from {EARLIEST:%Y-%m-%d} to {LATEST:%Y-%m-%d}, UTC"
OUT_OF_RANGE = f"Must be {RANGE}."


class Text(fields.String):
    """Text that Postgres can store, without surrounding space."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None or not can_be_kept(text):
            raise ValidationError("Not a valid text.")
        return text.strip()


class Id(fields.Integer):
    """The id of a row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(1, LARGEST_ID), **kwargs)


class WholeNumber(fields.Integer):
    """A whole number within limits."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(least, most), **kwargs)


class AddressNumber(fields.Integer):
    """A whole number in a URL: ASCII digits only; `int` also accepts signs, spaces, underscores and other scripts."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(least, most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        digits = isinstance(value, str) and value.isascii() and value.isdigit()
        if not digits or len(value) > LONGEST_ID:
            raise self.make_error("invalid", input=value)
        return int(value)


class Switch(fields.Boolean):
    """A JSON true or false; words and numbers are refused."""

    truthy = {True}
    falsy = {False}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Word(fields.Enum[StrEnum]):
    """One word of a closed set, or of those of its words that are offered."""

    def __init__(self, kind: type[StrEnum], offered: Iterable[StrEnum] = (), **kwargs: Any) -> None:
        self._kind = kind
        words = {word.name: word.value for word in offered}
        known = cast(type[StrEnum], StrEnum(kind.__name__, words)) if words else kind
        super().__init__(known, by_value=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> StrEnum:
        return self._kind(super()._deserialize(value, attr, data, **kwargs).value)


class Unique(fields.List[Any]):
    """Each item once, in the order given."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return tuple(dict.fromkeys(super()._deserialize(value, attr, data, **kwargs)))


class Instant(fields.DateTime):
    """An instant in ISO 8601, written in UTC with Z; all incoming instants have one range."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            at = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None
        if at.tzinfo is None:
            raise ValidationError("Not an instant: it needs a time zone, such as Z.")
        if not EARLIEST <= at <= LATEST:
            raise ValidationError(OUT_OF_RANGE)
        return at.astimezone(UTC)


def of_length(most: int = 255) -> validate.Length:
    """Return the length rule of a name: at least 1, at most `most` characters."""
    return validate.Length(min=1, max=most)
