"""The pages of the documentation lead to what exists, and the README stays short."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
LONGEST_README, LONGEST_DECISION = 120, 20
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
# A path begins with a folder of the project; instance/ exists on a running machine alone.
FOLDERS = "dashboard|docs|jobs|requirements|static|templates|tests"
PATH = re.compile(rf"app\.py|Makefile|pyproject\.toml|(?:{FOLDERS})/[\w./*-]*")
FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)+\.(?:py|md|html|css|js|toml|txt)")


def page(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """Return the page without its blocks of commands."""
    return FENCE.sub("", path.read_text())


def anchors(path: Path) -> set[str]:
    """Return the addresses of the page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_nowhere(path: Path, link: str) -> bool:
    """Return whether a relative link names no file, or no heading of its file."""
    name, _, anchor = link.partition("#")
    target = path.parent / unquote(name) if name else path
    if not target.exists():
        return True
    return bool(anchor) and anchor not in anchors(target)


def test_there_are_pages_to_follow():
    assert {"README.md", "docs/rules.md", "docs/CONTRIBUTING.md"} <= {page(path) for path in PAGES}


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_every_relative_link_leads_to_a_file_and_a_heading(path: Path):
    links = [link for link in LINK.findall(prose(path)) if not re.match(r"[a-z]+:", link)]

    assert [link for link in links if leads_nowhere(path, link)] == []


@pytest.mark.parametrize("path", PAGES, ids=page)
def test_every_path_that_a_page_names_exists(path: Path):
    named = [code for code in CODE.findall(prose(path)) if PATH.fullmatch(code) or FILE.fullmatch(code)]
    named = [name for name in named if not name.startswith("instance/")]

    assert [name for name in named if not any(ROOT.glob(name.rstrip("/")))] == []


def test_every_page_can_be_reached_from_the_readme():
    seen, to_read = set(), [ROOT / "README.md"]
    while to_read:
        path = to_read.pop()
        if path in seen:
            continue
        seen.add(path)
        links = [link.partition("#")[0] for link in LINK.findall(prose(path)) if not re.match(r"[a-z]+:", link)]
        to_read += [(path.parent / link).resolve() for link in links if link.endswith(".md")]

    assert [page(path) for path in PAGES if path not in seen] == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= LONGEST_README


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/decisions/0*.md")), ids=page)
def test_a_decision_is_dated_and_short(path: Path):
    text = path.read_text()

    assert len(text.splitlines()) <= LONGEST_DECISION
    assert re.search(r"^Date: 20\d\d-\d\d-\d\d$", text, re.MULTILINE)
    assert re.findall(r"^\*\*(.+?)\.\*\*", text, re.MULTILINE) == ["Question", "Choice", "Evidence", "Reason to change"]
