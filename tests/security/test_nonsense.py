"""What means something to a database, a header, a file system or a parser means nothing here, wherever it is put."""

import shutil
from itertools import product
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from dashboard.config import ROOT
from tests.pages import HTMX
from tests.security import walks
from tests.security.walks import WRITING
from tests.security.worlds import Worlds

pytestmark = pytest.mark.gate

MEBIBYTE = 1024 * 1024
READING = frozenset({"GET"})
SQL = ("' OR '1'='1", "1) UNION SELECT email FROM users--", "'\"; DROP TABLE users; -- % %s :id $1 \\")
ODD = ("\0", "a\r\nX-Forged: yes", "//[", "http://[::1", "9" * 25, "9" * 5_000, "\u0661", "-1", "NaN", "x" * 9_000)
# What has broken a form before: the rest is refused as in an address.
IN_FORMS = ("\0", "a\r\nX-Forged: yes", "9" * 5_000)
COMMON = {"page", "per_page", "sort", "order", "cursor", "after", "before", "from", "to", "q", "format", "job", "inbox"}


@pytest.fixture(scope="module")
def names(worlds: Worlds) -> set[str]:
    """Every name that a link or a form of some page puts into an address."""
    found = set(COMMON)
    worlds.renew()
    for _, answer in walks.pages_of(worlds.app, worlds.ours):
        links = (link.replace("&amp;", "&") for link in walks.LINK.findall(answer.text) if "static" not in link)
        found |= {name for link in links for name, _ in parse_qsl(urlsplit(link).query)}
        found |= {name for form in walks.forms_on(answer.text) if form.method == "get" for name in form.values}
    return found


@pytest.mark.parametrize("value", [*SQL, *ODD])
def test_no_address_of_a_page_means_anything_to_a_store(worlds: Worlds, names: set[str], value: str) -> None:
    """Seen to fail with a search written into its statement."""
    for path in walks.addresses_of(worlds.app, worlds.ours):
        answer = worlds.ours.looker.get(path, query_string=dict.fromkeys(names, value))
        assert answer.status_code < 500, path
        assert worlds.theirs.word not in answer.text
        assert "X-Forged" not in answer.headers


def test_no_field_of_a_search_means_anything_to_a_store(worlds: Worlds) -> None:
    """Seen to fail with a search written into its statement, and with a zero byte left in."""
    pages = [page.text for _, page in walks.pages_of(worlds.app, worlds.ours)]
    searches = {form.action: form for page in pages for form in walks.forms_on(page) if form.method == "get"}
    assert "/conversations" in searches
    for action, form in searches.items():
        for name, value in product(form.values, (*SQL, *ODD)):
            answer = worlds.ours.looker.get(action, query_string={name: value})
            assert answer.status_code == 200, (action, name, value)
            assert worlds.theirs.word not in answer.text


def test_no_query_of_a_call_means_anything_to_a_store(worlds: Worlds) -> None:
    document = worlds.app.test_client().get("/api/openapi.json").json
    for rule, _, path in walks.calls(worlds.app, worlds.ours, READING):
        said = document["paths"][walks.documented(rule)]["get"].get("parameters", ())
        for name in (one["name"] for one in said if one.get("in") == "query"):
            for value in (*SQL, *ODD):
                answer = worlds.ours.admin.get(path, query_string={name: value})
                assert answer.status_code in (200, 422), (path, name, value)
                assert worlds.theirs.word not in answer.text


def test_no_field_of_a_form_means_anything_to_a_store(worlds: Worlds) -> None:
    theirs = walks.everything(worlds.session, worlds.theirs.account_id)
    pages = [page.text for _, page in walks.pages_of(worlds.app, worlds.ours)]
    shown = {form.action: form for page in pages for form in walks.forms_on(page) if form.method == "post"}
    token = {"csrf_token": worlds.ours.looker.token()}
    for action, form in shown.items():
        plain = {name: values[-1] for name, values in form.values.items()}
        fields = () if action.endswith(walks.LAST) else form.values
        for filled in (plain | {name: value} for name in fields for value in (SQL[-1], *IN_FORMS)):
            answer = worlds.ours.looker.client.post(action, data=token | filled)
            assert answer.status_code < 500, (action, filled)
            assert "X-Forged" not in answer.headers
    assert walks.everything(worlds.session, worlds.theirs.account_id) == theirs


@pytest.mark.parametrize(
    "value", ["http://[::1", "//[", "javascript:alert(1)", "\xff", "%0d%0aX-Forged: yes", "x" * 5_000]
)
def test_no_header_makes_a_page_fail_or_forges_another(worlds: Worlds, value: str) -> None:
    names = ("HX-Current-URL", "HX-PTag", "HX-Target", "HX-Trigger", "Referer", "X-Request-Id", "Range", "Cookie")
    for name in names:
        for client in (worlds.ours.looker.client, worlds.app.test_client()):
            answer = client.get("/", headers={**HTMX, name: value})
            assert answer.status_code < 500, name
            assert "X-Forged" not in answer.headers


@pytest.mark.parametrize("depth", [100, 990, 100_000])
def test_a_body_nested_however_deep_is_refused(worlds: Worlds, depth: int) -> None:
    """Seen to fail where a body too deep to be read was not refused."""
    lists = b"[" * depth + b"]" * depth
    objects = b'{"a":' * depth + b"1" + b"}" * depth
    bodies = (lists, b'{"name": ' + lists + b"}", b'{"name": "x", "exclusion_rules": ' + objects + b"}")
    document = worlds.app.test_client().get("/api/openapi.json").json
    for rule, _, path in walks.calls(worlds.app, worlds.ours, frozenset({"POST"})):
        for number, data in enumerate(bodies):
            headers = {"Idempotency-Key": f"deep-{depth}-{number}"}
            answer = worlds.ours.admin("POST", path, data=data, headers=headers)
            takes_no_body = "requestBody" not in document["paths"][walks.documented(rule)]["post"]
            assert takes_no_body or answer.status_code in (400, 422), (rule, answer.status_code)


def test_a_body_over_a_mebibyte_is_refused_by_every_call(worlds: Worlds) -> None:
    """Seen to fail with nothing said about the largest body."""
    document = worlds.app.test_client().get("/api/openapi.json").json
    for rule, method, path in walks.calls(worlds.app, worlds.ours, WRITING):
        if "requestBody" in document["paths"][walks.documented(rule)][method.lower()]:
            assert worlds.ours.admin(method, path, data=b" " * (MEBIBYTE + 1)).status_code == 413, (method, rule)


def test_a_form_over_what_is_read_is_refused_by_every_page(worlds: Worlds) -> None:
    """Seen to fail with nothing said about the largest body."""
    ours = worlds.ours
    for rule in walks.page_rules(worlds.app, "POST"):
        path = walks.address(rule, {name: ours.ids[kind] for name, kind in walks.parameters(rule)})
        large = ours.looker.client.post(path, data={"csrf_token": "x" * (MEBIBYTE + 1)})
        assert large.status_code == 413, rule
        assert "Nothing was changed" in large.text


STATIC = (
    "../app.py", "..%2fapp.py", "%2e%2e/app.py", "..%252fapp.py", "....//app.py", "/etc/passwd", "//etc/passwd",
    "%2fetc%2fpasswd", "css/../../app.py", "css/%2e%2e/%2e%2e/app.py", "..\\app.py", "css\\..\\..\\app.py",
    "css/tokens.css/../../../app.py", "\0", "css/tokens.css%00.png", "css", "css/", ".", "..", f"{'x' * 5_000}.css",
    ".npmrc", "package.json", "package-lock.json", "node_modules/.package-lock.json", "node_modules/htmx.org/README.md",
)  # fmt: skip


@pytest.mark.parametrize("name", STATIC)
def test_only_what_pages_need_is_served_as_a_file(worlds: Worlds, name: str) -> None:
    """Seen to fail with every file served."""
    answer = worlds.app.test_client().get(f"/static/{name}", follow_redirects=True)

    assert answer.status_code == 404


def test_a_link_out_of_the_static_files_leads_nowhere(
    worlds: Worlds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "static", tmp_path / "static", symlinks=True, ignore=lambda *_: ["node_modules"])
    (tmp_path / "static/node_modules").symlink_to(ROOT / "static/node_modules")
    (tmp_path / "secret.css").write_text("a secret")
    (tmp_path / "static/linked.css").symlink_to(tmp_path / "secret.css")
    monkeypatch.setattr(worlds.app, "static_folder", str(tmp_path / "static"))

    statuses = [worlds.app.test_client().get(f"/static/{name}.css").status_code for name in ("css/base", "linked")]

    assert statuses == [200, 404]


@pytest.mark.parametrize("path", ["/", "/login", "/static/css/tokens.css", "/api/openapi.json", "/nowhere", "/api/no"])
def test_an_answer_is_read_as_what_it_says_it_is(worlds: Worlds, path: str) -> None:
    """Seen to fail without the header."""
    assert worlds.ours.looker.get(path).headers["X-Content-Type-Options"] == "nosniff"
