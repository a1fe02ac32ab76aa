"""The form of response targets (E54)."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from dashboard.engine.policy_fields import PRIORITY_KEYS
from dashboard.services.core.form_fields import WholeNumber

NOT_TARGETS = "Not response targets: an object with minutes by priority, 1 to 4 and none."
UNKNOWN = "Not a priority: 1, 2, 3, 4 or none."


class TargetMinutes(fields.Field[Any]):
    """Minutes by priority, as stored: all keys, or None without any target."""

    def __init__(self, least: int, most: int, **kwargs: Any) -> None:
        minutes = {"type": "integer", "minimum": least, "maximum": most, "nullable": True}
        shape = {"properties": dict.fromkeys(PRIORITY_KEYS, minutes), "additionalProperties": False}
        super().__init__(metadata={"type": "object", **shape}, **kwargs)
        self._minutes = WholeNumber(least, most, allow_none=True)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, int | None] | None:
        if not isinstance(value, Mapping):
            raise ValidationError(NOT_TARGETS)
        errors: dict[str, Any] = {str(key): [UNKNOWN] for key in value if key not in PRIORITY_KEYS}
        found: dict[str, int | None] = dict.fromkeys(PRIORITY_KEYS)
        for key in (key for key in PRIORITY_KEYS if key in value):
            try:
                found[key] = self._minutes.deserialize(value[key])
            except ValidationError as refused:
                errors[key] = refused.messages
        if errors:
            raise ValidationError(errors)
        return None if set(found.values()) == {None} else found
