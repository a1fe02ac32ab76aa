"""Every numbered rule of the specification is promised by a test and has its place in the README."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
RULES = {*range(1, 54), *range(70, 76)}


def numbers(text: str) -> set[int]:
    found: set[int] = set()
    for first, last in re.findall(r"\bE(\d+)(?: to E(\d+))?", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def test_every_rule_is_named_by_a_test():
    named = set().union(*(numbers(path.read_text()) for path in ROOT.glob("tests/**/test_*.py")))

    assert RULES - named == set()


def test_the_readme_says_where_every_rule_lives():
    table = (ROOT / "README.md").read_text().split("## Where each rule lives")[1].split("\n## ")[0]

    assert RULES - numbers(table) == set()


def test_every_place_that_the_readme_names_is_there():
    table = (ROOT / "README.md").read_text().split("## Where each rule lives")[1].split("\n## ")[0]
    named = re.findall(r"`([a-z/_]+\.py)`", table)

    missing = [name for name in named if not (ROOT / name).exists() and not (ROOT / "dashboard" / name).exists()]
    assert named
    assert missing == []
