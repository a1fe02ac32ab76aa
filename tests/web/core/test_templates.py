"""The house's look, as far as a program can see it."""

import re
from pathlib import Path

import pytest
from flask import Flask

from dashboard.config import ROOT
from dashboard.engine.decisions import Reason
from dashboard.web.core import formatting

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static/css").rglob("*.css"))
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
LAYER = re.compile(r"@layer (reset|base|layout|components|utilities) \{")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_template_compiles(app: Flask, path: Path) -> None:
    app.jinja_env.get_template(str(path.relative_to(ROOT / "templates")))


@pytest.mark.parametrize("path", [p for p in TEMPLATES if p.name.startswith("_")], ids=lambda path: path.stem)
def test_a_fragment_says_first_what_it_needs_and_extends_nothing(path: Path) -> None:
    text = path.read_text()

    assert text.startswith("{#")
    assert "{% extends" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_carries_what_the_policy_refuses(path: Path) -> None:
    assert not re.search(r"<style|\sstyle=|\son\w+=|hx-on|javascript:|\bjs:|<script>", path.read_text())


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.stem)
def test_every_style_is_in_a_layer_and_none_shouts(path: Path) -> None:
    text = path.read_text()

    assert LAYER.search(text)
    assert "!important" not in text


def test_the_layers_are_in_order_before_anything_else() -> None:
    assert (ROOT / "static/css/tokens.css").read_text().startswith("@layer reset, base, layout, components, utilities;")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_no_script_needs_what_the_policy_refuses(path: Path) -> None:
    assert not re.search(r"\beval\(|new Function|innerHTML|\.style\b", path.read_text())


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason) -> None:
    """E49"""
    assert "_" not in formatting.word(reason)
    assert "_" not in formatting.clause(reason)
