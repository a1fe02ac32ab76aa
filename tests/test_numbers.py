"""Every numbered rule has its text, its code and its tests in docs/rules.md, and a test names it.

So has every promise about helpdesks in docs/connectors.md, and every one about trust in docs/trust.md.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RULES = sorted({*range(1, 76), 80})
PROMISES = range(1, 29)
# No test shows them yet; docs/connectors.md says so too.
WITHOUT_TEST = {25, 27}
TRUST = sorted({*range(1, 5), *range(10, 17), 20, 21, 30, 31, *range(40, 43), *range(50, 53)})
TRUST_SHOWN = {1, 2, 20, 21}
TRUST_ROW = re.compile(r"^\| T(\d+) \|([^|\n]+)\|([^|\n]+)\|([^|\n]+)\|$", re.MULTILINE)
PROMISE = re.compile(r"^\| C(\d+) \|[^|\n]+\|([^|\n]+)\|$", re.MULTILINE)
SECTION = re.compile(r"^### E(\d+) ([^\n]+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def numbers(text: str, letter: str = "E") -> set[int]:
    found: set[int] = set()
    for first, last in re.findall(rf"\b{letter}(\d+)(?: to {letter}(\d+))?", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found


def sections() -> Mapping[int, str]:
    """Return the body of each rule's section by its number."""
    found = SECTION.findall((ROOT / "docs/rules.md").read_text())
    assert len(found) == len({number for number, _, _ in found}), "A rule has two sections."
    return {int(number): body for number, _, body in found}


def paths(body: str, label: str) -> list[str]:
    """Return the paths in the line with this label."""
    lines = [line for line in body.splitlines() if line.startswith(f"- {label}: ")]
    return [path for line in lines for path in re.findall(r"`([^`]+)`", line)]


def test_every_rule_is_named_by_a_test():
    named = set().union(*(numbers(path.read_text()) for path in ROOT.glob("tests/**/test_*.py")))

    assert set(RULES) - named == set()


def test_the_page_of_rules_has_a_section_for_each_rule():
    assert sorted(sections()) == RULES


@pytest.mark.parametrize("number", RULES, ids=lambda number: f"E{number}")
def test_a_rule_has_text_code_and_tests(number: int):
    body = sections()[number]
    code, tests = paths(body, "Code"), paths(body, "Tests")

    assert body.split("- Code:")[0].strip()
    assert code
    assert [path for path in code if not (ROOT / path).is_file()] == []
    assert tests
    assert [path for path in tests if not (ROOT / path).is_file()] == []
    assert all(path.startswith("tests/") for path in tests)


@pytest.mark.parametrize("number", RULES, ids=lambda number: f"E{number}")
def test_a_test_of_a_rule_names_it(number: int):
    tests = paths(sections()[number], "Tests")

    assert [path for path in tests if number not in numbers((ROOT / path).read_text())] == []


def promises() -> Mapping[int, list[str]]:
    """Return the tests of each promise about helpdesks by its number."""
    rows = PROMISE.findall((ROOT / "docs/connectors.md").read_text())
    return {int(number): re.findall(r"`([^`]+)`", tests) for number, tests in rows}


def test_every_promise_about_helpdesks_has_a_row_or_is_listed_as_untested():
    page = (ROOT / "docs/connectors.md").read_text()
    [untested] = re.findall(r"^Not shown by a test yet: (.+)$", page, re.MULTILINE)

    assert numbers(untested, "C") == WITHOUT_TEST
    assert sorted(promises()) == sorted(set(PROMISES) - WITHOUT_TEST)


@pytest.mark.parametrize("number", sorted(set(PROMISES) - WITHOUT_TEST), ids=lambda number: f"C{number}")
def test_a_test_of_a_promise_about_helpdesks_names_it(number: int):
    tests = promises()[number]

    assert tests
    assert [path for path in tests if number not in numbers((ROOT / path).read_text(), "C")] == []


def trust_rows() -> Mapping[int, tuple[list[str], list[str]]]:
    """Return the code and the tests of each promise about trust by its number."""
    rows = TRUST_ROW.findall((ROOT / "docs/trust.md").read_text())
    return {
        int(number): (re.findall(r"`([^`]+)`", code), re.findall(r"`([^`]+)`", tests))
        for number, _, code, tests in rows
    }


def test_every_promise_about_trust_has_a_row_or_is_listed_as_not_kept():
    [not_kept] = re.findall(r"^Not kept yet: (.+)$", (ROOT / "docs/trust.md").read_text(), re.MULTILINE)

    assert sorted(trust_rows()) == sorted(TRUST_SHOWN)
    assert sorted(numbers(not_kept, "T") & set(TRUST)) == sorted(set(TRUST) - TRUST_SHOWN)


@pytest.mark.parametrize("number", sorted(TRUST_SHOWN), ids=lambda number: f"T{number}")
def test_a_promise_about_trust_has_code_and_a_test_that_names_it(number: int):
    code, tests = trust_rows()[number]

    assert code
    assert [path for path in code if not (ROOT / path).is_file()] == []
    assert tests
    assert [path for path in tests if number not in numbers((ROOT / path).read_text(), "T")] == []
