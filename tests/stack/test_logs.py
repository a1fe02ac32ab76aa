"""What the processes of one machine log: one id through a request and its jobs, and nothing secret."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from dashboard.config import ROOT
from tests.stack.running import FOREIGN, Running
from tests.waiting import PATIENCE, eventually

PASSWORD = "a-pass-phrase-to-keep"
METRICS_TOKEN = "a-token-for-scrapes"
CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def stack(module_instance: Path) -> Iterator[Running]:
    """A stack that logs for machines."""
    with Running(module_instance, LOG_FORMAT="json", METRICS_TOKEN=METRICS_TOKEN) as running:
        running.hear("Evenhand is ready")
        yield running


@pytest.fixture(scope="module")
def made(stack: Running) -> Any:
    """An account, and what was said when it was made."""
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    words = ["accounts", "create", "Acme", "--email", "ada@acme.example", "--password", PASSWORD]
    env |= {"EVENHAND_INSTANCE": str(stack.instance), "LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "flask", "--app", "app", *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    stack.said += done.stderr.splitlines()
    return json.loads(done.stdout)


@pytest.fixture
def call(stack: Running) -> Call:
    """Call the stack, as one browser; the answer's status, body and request id."""
    opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def ask(method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str, str]:
        url = f"http://127.0.0.1:{stack.port}{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            answer = opener.open(Request(url, data=body, method=method, headers=named), timeout=PATIENCE)
        except HTTPError as refused:
            answer = refused
        with answer:
            return answer.status, answer.read().decode(), answer.headers["X-Request-Id"]

    return ask


def lines_with(stack: Running, request_id: str) -> list[dict[str, Any]]:
    """Return everything logged so far under this request."""
    stack.listen()
    # Before it stands which process said it, and when.
    found = [json.loads(line[line.index("{") :]) for line in stack.said if '{"' in line]
    return [line for line in found if line.get("request") == request_id]


def test_a_request_and_the_run_that_it_starts_are_logged_under_one_id(stack: Running, made: Any, call: Call):
    base, bearer = f"/api/v1/accounts/{made['account_id']}", f"Bearer {made['token']}"

    def post(path: str, body: object, **more: str) -> None:
        status, text, _ = call("POST", base + path, json.dumps(body).encode(), Authorization=bearer, **more)
        assert status < 300, text

    post("/inboxes", {"name": "Support"})
    post("/assignment_policies", {"name": "In turn"})
    post("/inboxes/1/assignment_policy", {"assignment_policy_id": 1})
    post("/conversations", {"inbox_id": 1, "subject": "A word of a customer"})
    post("/inboxes/1/assignment_runs?wait=true", {}, X_Request_Id="from-the-helpdesk-7")

    eventually(lambda: len(lines_with(stack, "from-the-helpdesk-7")) == 2)
    ran, asked = sorted(lines_with(stack, "from-the-helpdesk-7"), key=lambda line: line["event"], reverse=True)
    assert (asked["method"], asked["path"], asked["status"]) == ("POST", f"{base}/inboxes/1/assignment_runs", 200)
    assert (ran["source"], ran["left"]) == ("manual", {"no_members": 1})
    assert asked["account"] == ran["account"] == made["account_id"]
    assert asked["inbox"] == ran["inbox"] == 1
    assert ran["run"] >= 1
    assert ran["job"]


def test_an_id_that_could_forge_a_line_is_replaced(stack: Running, call: Call):
    for given in ("x" * 65, 'a"b', "a b", "ä"):
        _, _, named = call("GET", "/api/v1/accounts/1", X_Request_Id=given.encode().decode("latin-1"))
        assert re.fullmatch("[0-9a-f]{32}", named)


def test_no_token_and_no_password_is_logged(stack: Running, made: Any, call: Call):
    account, wrong = f"/api/v1/accounts/{made['account_id']}", "eh_a-wrong-token"
    _, form, _ = call("GET", "/login")
    [csrf] = CSRF.findall(form)
    seen = []
    for password in ("a-wrong-password", PASSWORD):
        fields = {"csrf_token": csrf, "email": "ada@acme.example", "password": password}
        seen.append(call("POST", "/login", urlencode(fields).encode()))
    seen += [
        call("GET", account, Authorization=f"Bearer {made['token']}"),
        call("GET", f"{account}?token=in-a-query", api_access_token=made["token"]),
        call("GET", account, Authorization=f"Bearer {wrong}"),
        call("POST", account + "/agents", b'{"name": "Bo", "password": "in-a-body', api_access_token=made["token"]),
        call("GET", "/metrics", Authorization=f"Bearer {METRICS_TOKEN}"),
    ]

    told = [lines_with(stack, request_id) for _, _, request_id in seen[:-1]]

    assert [status for status, _, _ in seen] == [422, 200, 200, 422, 401, 400, 200]
    assert all(told), "every request is logged, those of machines that look excepted"
    everything = "".join(stack.said)
    secrets = (PASSWORD, "a-wrong-password", made["token"], wrong, METRICS_TOKEN, "in-a-query", "in-a-body", csrf)
    assert not [secret for secret in secrets if secret in everything]
