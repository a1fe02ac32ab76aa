"""What customers and agents may write is shown as they wrote it, and does nothing: on no page, in no file.

Seen to fail without autoescape: 20 of them ran; and with the cells of files as they are.
"""

import csv
import io
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from werkzeug.test import TestResponse

from dashboard.config import Settings
from dashboard.web.reports.reports import SHEETS
from tests.pages import HTMX
from tests.security import walks
from tests.security.worlds import Worlds, two_worlds

# Each way out of where a page may put a text: an attribute, an element, a script, a template, a cell of a spreadsheet.
HOSTILE = "=1|'\"><img src=x onerror=alert(1)></title></textarea><script>alert(2)</script>{{7*7}}"
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture(scope="module")
def worlds(settings: Settings) -> Iterator[Worlds]:
    """Acme, where every text is hostile."""
    with two_worlds(settings, ours=HOSTILE) as found:
        yield found


class Reader(HTMLParser):
    """Reads a page as a browser does, and notes what a text must not have become."""

    def __init__(self) -> None:
        super().__init__()
        self.said = ""
        self.broken_out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        handlers = [name for name in said if name.startswith("on")]
        leads = [
            value for name, value in said.items() if name in ("href", "src", "action") and "script:" in (value or "")
        ]
        if tag == "img" or handlers or leads or (tag == "script" and not said.get("src")):
            self.broken_out.append(self.get_starttag_text() or tag)
        self.said += " ".join(filter(None, said.values()))

    def handle_data(self, data: str) -> None:
        self.said += data


def read(answer: TestResponse) -> Reader:
    """Return what a browser makes of it; of a file it makes nothing, and nosniff keeps it to that."""
    reader = Reader()
    if answer.mimetype != "text/html":
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return reader
    reader.feed(answer.text)
    reader.close()
    return reader


def test_every_page_shows_them_and_none_runs_them(worlds: Worlds) -> None:
    shown = 0
    for path, answer in walks.pages_of(worlds.app, worlds.ours):
        if answer.mimetype == "text/html":
            reader = read(answer)
            assert reader.broken_out == [], path
            shown += HOSTILE in reader.said
    assert shown > 10


def test_every_part_of_a_page_shows_them_and_none_runs_them(worlds: Worlds) -> None:
    for path, answer in walks.pages_of(worlds.app, worlds.ours, headers=HTMX):
        assert read(answer).broken_out == [], path


def test_no_cell_of_a_file_is_a_formula(worlds: Worlds) -> None:
    for name in SHEETS:
        answer = worlds.ours.looker.get(f"/reports/{name}.csv")
        assert answer.mimetype == "text/csv"
        cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
        assert not [cell for cell in cells if cell.startswith(FORMULAS)]


def test_the_api_tells_them_as_nothing_but_json(worlds: Worlds) -> None:
    for rule in walks.rules(worlds.app):
        if rule.rule.startswith(walks.API) and "GET" in (rule.methods or ()):
            ids = {name: worlds.ours.ids[kind] for name, kind in walks.parameters(rule)}
            headers = {"Authorization": f"Bearer {worlds.ours.admin.token}"}
            answer = worlds.app.test_client().get(walks.address(rule, ids), headers=headers)
            assert answer.status_code == 200, rule
            assert answer.mimetype == "application/json"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_what_is_typed_into_an_address_is_shown_as_typed(worlds: Worlds) -> None:
    names = ("label", "text", "next", "team", "inbox", "status", "sort", "q", "page", "from", "to", "subject", "agent")
    for path, answer in walks.pages_of(worlds.app, worlds.ours, query=dict.fromkeys(names, HOSTILE)):
        assert read(answer).broken_out == [], path
    door = worlds.app.test_client().get("/login", query_string={"next": HOSTILE})
    assert read(door).broken_out == []


def test_every_form_that_is_sent_as_it_was_shown_answers_with_them_and_runs_none(worlds: Worlds) -> None:
    """Last: it deletes."""
    pages = [page.text for _, page in walks.pages_of(worlds.app, worlds.ours)]
    shown = {form.action: form for page in pages for form in walks.forms_on(page) if form.method == "post"}
    for action, form in sorted(shown.items(), key=lambda pair: pair[0].endswith(walks.LAST)):
        fields = {name: values[-1] for name, values in form.values.items()} | {"name": HOSTILE}
        for how in ({}, HTMX) if "logout" not in action else ():
            answer = worlds.ours.looker.post(action, fields, headers=how, follow_redirects=True)
            assert answer.status_code < 500, action
            assert read(answer).broken_out == [], action
