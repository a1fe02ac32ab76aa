"""The real web processes and workers over a database of the benchmarks, started as docs/operations.md does."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from urllib.request import urlopen
from uuid import uuid4

import psutil

from app import create_app
from dashboard.config import ROOT, Settings
from tests.benchmarks.floor import ACCOUNT
from tests.stack.running import a_free_port
from tests.waiting import eventually

SECRET = secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where the pages are, and the web processes that answer."""

    port: int
    processes: tuple[psutil.Process, ...]

    def processor_seconds(self) -> list[float]:
        """Return what each web process has used of a core so far."""
        times = [process.cpu_times() for process in self.processes]
        return [one.user + one.system for one in times]


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    """Run the web processes until the end of the block."""
    port = a_free_port()
    with running(settings, "dashboard.serving", "--port", str(port)) as master:
        eventually(lambda: _answers(port))
        yield Served(port=port, processes=tuple(psutil.Process(master.pid).children()))


@contextmanager
def running(settings: Settings, module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program with these settings until the end of the block."""
    said = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": SECRET,
        "PRESENCE_DURATION": str(settings.presence_seconds),
    }
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **said}, stderr=subprocess.DEVNULL)
    with ExitStack() as held:
        held.callback(process.wait)
        held.callback(process.terminate)
        yield process


def cookies(settings: Settings, account_id: int, user_ids: Sequence[int]) -> list[str]:
    """Return the sessions of users who have logged in and looked at a page."""
    app = create_app(replace(settings, secret_key=SECRET))
    signer = app.session_interface.get_signing_serializer(app)
    return [signer.dumps(_kept(account_id, user_id)) for user_id in user_ids]


def post(port: int, token: str, path: str, body: Mapping[str, object]) -> Mapping[str, int]:
    """Return the API's answer, as a client gets it that keeps no connection."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    said = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", f"/api/v1/accounts/{ACCOUNT}{path}", json.dumps(body), said)
    answer = connection.getresponse()
    found: Mapping[str, int] = json.loads(answer.read())
    connection.close()
    assert answer.status < 400, found
    return found


def _kept(account_id: int, user_id: int) -> dict[str, object]:
    known = {"session_id": uuid4().hex, "csrf_token": secrets.token_hex(20)}
    return {"_user_id": f"{account_id}:{user_id}:0", "_fresh": True, **known}


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/up", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
