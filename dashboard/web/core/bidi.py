"""Isolates text from outside in a <bdi> element, so that its direction does not affect the text around it.

Every template is compiled this way, like autoescaping: each text that it outputs is wrapped in <bdi>, except numbers,
markup and the application's own words. Attributes, titles and options cannot contain elements, and each is a line of
its own, so they stay unwrapped.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from jinja2 import nodes
from jinja2.compiler import CodeGenerator
from markupsafe import Markup, escape

# Overrides, embeddings and isolates: they have effect beyond the <bdi> around them.
CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Elements that contain only text, or no text of the page.
CLOSED = frozenset({"title", "textarea", "option", "script", "style", "svg"})
# The block of base.html for a page's <title>.
TITLE = "title"
# Filters that return a number or a word of the application.
OURS = frozenset({"word", "number", "plural", "span", "wait", "clause", "length"})
# The pages of the API's documentation contain no text from outside.
DOCUMENT = "docs/"
# A tag's begin and end, an attribute's value, and its quotes. A macro may contain attributes without their tag.
PIECE = re.compile(r"""<(?P<tag>/?[a-zA-Z][a-zA-Z0-9]*)|(?P<end>>)|(?P<value>\s[\w-]+=(?=["']))|(?P<quote>["'])""")
NO_TAG = "no tag"


def init_app(app: Flask) -> None:
    """Add the filters, and compile all templates with Isolating."""
    app.jinja_env.filters.update(bdi=bdi, bdi_each=bdi_each)
    app.jinja_env.code_generator_class = Isolating


def bdi(value: Any) -> Any:
    """Return a text in a <bdi> element; markup, numbers and words of closed sets stay unchanged."""
    if type(value) is not str or not value:
        return value
    text = value if value.isascii() else CONTROLS.sub("", value)
    return Markup(f"<bdi>{escape(text)}</bdi>")


def bdi_each(values: Iterable[Any]) -> list[Any]:
    """Return each text in a <bdi> element."""
    return [bdi(value) for value in values]


def saying(sentence: str, *texts: Any) -> Markup:
    """Return a sentence of the application with texts from outside in its places: {}."""
    return Markup(sentence).format(*map(bdi, texts))


class Isolating(CodeGenerator):
    """Compiles a template after wrapping the texts that it outputs."""

    def visit_Template(self, node: nodes.Template, frame: Any = None) -> None:  # noqa: N802
        if not (self.name or "").startswith(DOCUMENT):
            _wrap(node, TextPlace())
        super().visit_Template(node, frame)


@dataclass(slots=True)
class TextPlace:
    """A position in a page's HTML, derived from the HTML before it."""

    tag: str = ""
    quote: str = ""
    closed_by: str = ""

    @property
    def is_text(self) -> bool:
        """Tell whether an element may start here."""
        return not (self.tag or self.closed_by)

    def pass_by(self, html: str) -> None:
        """Move the position behind this HTML."""
        for found in PIECE.finditer(html):
            if found["quote"]:
                self._quote(found["quote"])
            elif not self.quote:
                self._turn(found)

    def _quote(self, quote: str) -> None:
        if self.quote == quote:
            self.quote, self.tag = "", "" if self.tag == NO_TAG else self.tag
        elif self.tag and not self.quote:
            self.quote = quote

    def _turn(self, found: re.Match[str]) -> None:
        if not self.tag:
            self.tag = (found["tag"] or "").lower() or (NO_TAG if found["value"] else "")
        elif found["end"]:
            name, self.tag = self.tag, ""
            if name in CLOSED and not self.closed_by:
                self.closed_by = f"/{name}"
            elif name == self.closed_by:
                self.closed_by = ""


def _wrap(node: nodes.Node, place: TextPlace) -> None:
    if isinstance(node, nodes.Output):
        node.nodes = [_placed(child, place) for child in node.nodes]
        return
    inner = TextPlace(closed_by="/title") if isinstance(node, nodes.Block) and node.name == TITLE else place
    for child in node.iter_child_nodes():
        _wrap(child, inner)


def _placed(child: nodes.Expr, place: TextPlace) -> nodes.Expr:
    if isinstance(child, nodes.TemplateData):
        place.pass_by(child.data)
        return child
    if not place.is_text or _is_ours(child):
        return child
    if isinstance(child, nodes.Filter) and child.name == "join" and child.node is not None:
        child.node = _filtered(child.node, "bdi_each")
    return _filtered(child, "bdi")


def _filtered(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno, environment=node.environment)


def _is_ours(node: nodes.Node | None) -> bool:
    """Tell whether this expression can only result in a word of the application."""
    if isinstance(node, nodes.CondExpr):
        return _is_ours(node.expr1) and _is_ours(node.expr2)
    return node is None or isinstance(node, nodes.Const) or (isinstance(node, nodes.Filter) and node.name in OURS)
