"""A text from outside stands in an element of its own on every page, so that its direction changes nothing around it.

Seen to fail with the texts as they are: on every page.
"""

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from flask import Flask, render_template_string

from dashboard.config import Settings
from dashboard.web.core.bidi import saying
from tests.pages import HTMX
from tests.security import walks
from tests.security.worlds import Worlds, two_worlds

# It reads from right to left, and ends with what would take the side of whatever follows.
MARK = "שלום 7"
OVERRIDE = "\u202e"
# Elements whose content a browser reads as text.
PLAIN = ("title", "option", "textarea")


@pytest.fixture(scope="module")
def worlds(settings: Settings) -> Iterator[Worlds]:
    """Acme, where every text is the mark."""
    with two_worlds(settings, ours=MARK) as found:
        yield found


class Reader(HTMLParser):
    """Reads a page, and notes where the mark stands among other words, and elements where none belong."""

    def __init__(self) -> None:
        super().__init__()
        self.within: list[str] = []
        self.apart = 0
        self.astray: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.within.append(tag)
        self.astray += [value for _, value in attrs if value and "bdi>" in value]

    def handle_endtag(self, tag: str) -> None:
        while self.within and self.within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        inner = self.within[-1] if self.within else ""
        if "bdi>" in data or (MARK in data and inner not in ("bdi", *PLAIN)):
            self.astray.append(data)
        self.apart += MARK in data and inner == "bdi"


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["pages", "parts"])
def test_every_text_on_every_page_stands_apart(worlds: Worlds, headers: dict[str, str]) -> None:
    apart = {}
    for path, answer in walks.pages_of(worlds.app, worlds.ours, headers=headers):
        if answer.mimetype == "text/html":
            reader = read(answer.data.decode())
            assert reader.astray == [], path
            apart[path] = reader.apart
    assert len([path for path, count in apart.items() if count]) > 20, apart


def test_every_form_that_is_sent_as_it_was_shown_answers_with_texts_apart(worlds: Worlds) -> None:
    """Last: it deletes."""
    pages = [page.text for _, page in walks.pages_of(worlds.app, worlds.ours)]
    shown = {form.action: form for page in pages for form in walks.forms_on(page) if form.method == "post"}
    for action, form in sorted(shown.items(), key=lambda pair: pair[0].endswith(walks.LAST)):
        fields = {name: values[-1] for name, values in form.values.items()}
        for how in ({}, HTMX) if "logout" not in action else ():
            answer = worlds.ours.looker.post(action, fields, headers=how, follow_redirects=True)
            assert read(answer.data.decode()).astray == [], action


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("<p>{{ name }}</p>", "<p><bdi>a&lt;b</bdi></p>"),
        ("<p>{{ name if name else 'nobody' }}</p>", "<p><bdi>a&lt;b</bdi></p>"),
        ("<p>{{ names|join(', ') }}</p>", "<p><bdi>a&lt;b</bdi>, <bdi>c</bdi></p>"),
        ("<p>{{ 'one' if name else 'many' }} {{ 7 }} {{ none }}</p>", "<p>one 7 None</p>"),
        ("<a href='{{ name }}' title=\"it's {{ name }}\">{{ name }}</a>", None),
        ("<title>{{ name }}</title><b>{{ name }}</b>", "<title>a&lt;b</title><b><bdi>a&lt;b</bdi></b>"),
        ("{% block title %}{{ name }}{% endblock %}", "a&lt;b"),
        ("<option value=''>{{ name }}</option>{{ name }}", "<option value=''>a&lt;b</option><bdi>a&lt;b</bdi>"),
        ('<i {% if name %}id="{{ name }}"{% endif %}>{{ name }}', '<i id="a&lt;b"><bdi>a&lt;b</bdi>'),
        ("{% set said %}{{ name }}{% endset %}<p>{{ said }}</p>", "<p><bdi>a&lt;b</bdi></p>"),
        ("{% macro m(x) %}{{ x }}{% endmacro %}<p>{{ m(name) }}</p>", "<p><bdi>a&lt;b</bdi></p>"),
        (
            "{% macro m(x) %} id='a-{{ x }}'{% endmacro %}<p{{ m(name) }}>{{ name }}",
            "<p id='a-a&lt;b'><bdi>a&lt;b</bdi>",
        ),
        ("<p>{{ bent }}</p>", "<p><bdi>abc</bdi></p>"),
    ],
)
def test_a_template_shows_text_apart_where_a_browser_reads_elements(
    worlds: Worlds, template: str, shown: str | None
) -> None:
    app: Flask = worlds.app
    shown = shown or "<a href='a&lt;b' title=\"it's a&lt;b\"><bdi>a&lt;b</bdi></a>"
    with app.test_request_context():
        page = render_template_string(template, name="a<b", names=["a<b", "c"], bent=f"a{OVERRIDE}b\u2069c")

    assert page == shown


def test_a_sentence_keeps_the_texts_in_it_apart() -> None:
    assert saying("{} is moved to {}.", "a<b", f"{OVERRIDE}c") == "<bdi>a&lt;b</bdi> is moved to <bdi>c</bdi>."
