"""Input from browsers for the services' forms: numbers, switches and empty fields from text."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import request
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from dashboard.services.core.form import Form
from dashboard.services.core.refusals import Invalid

LONGEST_NUMBER = 18
LONGEST_SEARCH = 255
LARGEST_PAGE = 100_000
Args = MultiDict[str, str]


def text(name: str) -> str | None:
    """Return the text of a field, None if it is empty."""
    return request.form.get(name, "").strip() or None


def labels() -> list[str]:
    """Return the ticked labels and the typed one."""
    said = (label.strip() for label in [*request.form.getlist("label"), request.form.get("new_label", "")])
    return list(dict.fromkeys(label for label in said if label))


def whole(name: str) -> int | str | None:
    """Return the number in a field, or its text, which the form then refuses."""
    return number(text(name))


def number(typed: str | None) -> int | str | None:
    """Return a text as a number if it is one."""
    return int(typed) if typed and len(typed) <= LONGEST_NUMBER and typed.isascii() and typed.isdigit() else typed


def switched_on(name: str) -> bool:
    """Tell whether a checkbox is ticked."""
    return name in request.form


def ids(name: str) -> list[int]:
    """Return the chosen ids, each once; other values are ignored."""
    return [one for typed in dict.fromkeys(request.form.getlist(name)) if isinstance(one := number(typed), int)]


def id_in(said: str | None) -> int | None:
    """Return the id in a query parameter, None for other text."""
    found = number(said)
    return found if isinstance(found, int) and found else None


def number_in(args: Args, name: str) -> int | None:
    """Return the number in a query parameter, None for other text."""
    found = number(args.get(name))
    return found if isinstance(found, int) else None


def page_in(args: Args, name: str = "page") -> int:
    """Return the page number in a query, the first page for other text."""
    found = number_in(args, name)
    return 1 if found is None else min(LARGEST_PAGE, max(1, found))


def words_in(args: Args, name: str) -> str:
    """Return the search text in a query, without characters that Postgres cannot store."""
    said = args.get(name, "").replace("\0", "").encode(errors="ignore").decode()
    return said.strip()[:LONGEST_SEARCH]


def load(form: Form, said: Mapping[str, Any]) -> Any:
    """Return the form's result, or Invalid with the messages by field."""
    try:
        return form.load(said)
    except ValidationError as refused:
        messages: Mapping[str, Any] = refused.normalized_messages()  # type: ignore[no-untyped-call]
        return Invalid(errors={field: tuple(_flat(found)) for field, found in messages.items()})


def _flat(found: Any) -> Iterator[str]:
    """Yield each message once, also if several items of a list have it."""
    if isinstance(found, str):
        yield found
        return
    nested = found.values() if isinstance(found, Mapping) else found
    yield from dict.fromkeys(message for part in nested for message in _flat(part))
