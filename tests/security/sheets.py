"""Forms as a browser holds them: what each control shows, what it could show instead, and what it would send."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

HIDDEN = ("hidden", "submit", "button", "password", "search")
# Controls that say one thing together.
TOGETHER = {
    "unit": "fair_distribution_window",
    "own_unit": "own_fair_distribution_window",
    **dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun", "timezone", "country", "holidays"), "hours"),
}
ZONES = ("Europe/Berlin", "Asia/Tokyo", "America/Lima", "Africa/Lagos", "Asia/Dhaka")
HOURS = re.compile(r"\d\d:\d\d-\d\d:\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A control, or all boxes or radio buttons of one name."""

    name: str
    kind: str
    values: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def shows_something(self) -> bool:
        """Tell whether it shows a state, and not an empty field to fill in."""
        return self.kind not in HIDDEN and any(self.values)

    @property
    def is_list(self) -> bool:
        """Tell whether it shows several things, of which each may come and go."""
        return self.kind == "checkbox"

    def others(self) -> Iterator[tuple[str, ...]]:
        """Yield what it could show instead."""
        if self.kind == "checkbox":
            for option in sorted(self.options, key=lambda option: option in self.values):
                left = tuple(one for one in self.values if one != option)
                yield left if option in self.values else (*left, option)
        elif self.options:
            yield from ((option,) for option in self.options if option and (option,) != self.values)
        else:
            yield from (typed for number in range(1, 5) if (typed := (self._typed(number),)) != self.values)

    def _typed(self, number: int) -> str:
        if self.kind == "numeric":
            return str(number) if self.name == "max_returns" else str(40 + number)
        if self.name == "timezone":
            return ZONES[number]
        if HOURS.fullmatch(self.values[0]):
            return f"10:00-1{number}:30"
        return {"url": f"https://93.184.216.34/{number}", "email": f"other{number}@ours.example"}.get(
            self.kind, f"{self.values[0]} {number}"
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form of a page."""

    action: str
    method: str
    controls: dict[str, Control] = field(default_factory=dict)
    button: tuple[str, str] | None = None

    @property
    def state(self) -> list[Control]:
        """Return the controls that show something of a thing that exists."""
        return [one for one in self.controls.values() if one.shows_something]

    def value(self, name: str) -> tuple[str, ...]:
        """Return what a control shows."""
        return self.controls[name].values

    def changed(self, name: str, values: tuple[str, ...]) -> "Sheet":
        """Return the form after somebody used a control."""
        return replace(self, controls={**self.controls, name: replace(self.controls[name], values=values)})

    def sent(self) -> dict[str, list[str]]:
        """Return what the browser sends."""
        data = {name: list(one.values) for name, one in self.controls.items() if one.values}
        return data | ({self.button[0]: [self.button[1]]} if self.button else {})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Sheet] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Sheet(said.get("action", ""), said.get("method", "get").lower()))
        elif tag == "select":
            self._select = said.get("name", "")
        elif self.found and tag == "option" and self._select:
            self._add(self._select, "select", said.get("value", ""), chosen="selected" in said)
        elif self.found and tag == "button" and "name" in said and not self.found[-1].button:
            self.found[-1] = replace(self.found[-1], button=(said["name"], said.get("value", "")))
        elif self.found and tag == "input" and said.get("name"):
            kind = said.get("type", "text")
            ticks = kind in ("checkbox", "radio")
            kind = "numeric" if said.get("inputmode") == "numeric" else kind
            self._add(
                said["name"], kind, said.get("value", "on" if ticks else ""), chosen=not ticks or "checked" in said
            )

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""

    def _add(self, name: str, kind: str, value: str, *, chosen: bool) -> None:
        before = self.found[-1].controls.get(name, Control(name=name, kind=kind, values=()))
        values = (*before.values, value) if chosen else before.values
        after = replace(
            before, values=values, options=(*before.options, value) if kind in ("select", "checkbox", "radio") else ()
        )
        self.found[-1].controls[name] = after


def sheets_on(page: str) -> list[Sheet]:
    """Return the forms of a page; a list from which nothing was chosen shows its first line."""
    reader = _Reader()
    reader.feed(page)
    for sheet in reader.found:
        sheet.controls.pop("csrf_token", None)
        for name, one in sheet.controls.items():
            if one.kind == "select" and not one.values:
                sheet.controls[name] = replace(one, values=one.options[:1])
    return reader.found
