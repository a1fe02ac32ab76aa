"""The API keeps its own document's word: no failure, no undocumented status, no answer of another shape."""

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from werkzeug.serving import make_server

from dashboard import clock
from dashboard.config import ROOT, Settings
from dashboard.services.accounts import tokens
from dashboard.services.core.unit_of_work import UnitOfWork
from tests.api.conftest import Caller, make_app
from tests.desks import Acme
from tests.pages import AtOnce

pytestmark = pytest.mark.gate

CONFIG = Path(__file__).with_name("schemathesis.toml")
PHASES = "examples,coverage,fuzzing"
SECONDS = 40


@pytest.fixture
def address(work: UnitOfWork, settings: Settings) -> Iterator[str]:
    """The API, served, with a worker that is quicker than whoever asks."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    worker = AtOnce(settings)
    app = make_app(settings, worker)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["engine"].dispose()
    worker.close()


@pytest.fixture
def spare(acme: Acme) -> None:
    """A token that may be revoked, with the id 1."""
    tokens.issue(acme.work, acme.account_id, acme.agents["Ana"], now=clock.now())
    acme.work.session.commit()


def test_schemathesis_finds_nothing_with_all_its_checks(
    address: str, spare: None, admin: Caller, furnished: None
) -> None:
    assert admin.account_id == 1
    words = ["--config-file", str(CONFIG), "run", f"{address}/api/openapi.json", "--checks", "all"]
    words += ["--phases", PHASES, "--max-time", str(SECONDS), "--no-color", "--header"]
    asked = [sys.executable, "-m", "schemathesis.cli", *words, f"Authorization: Bearer {admin.token}"]
    env = {"EVENHAND_ASKED_BY": str(admin.user_id), "EVENHAND_ASKED_WITH": "2"}

    with tempfile.TemporaryDirectory() as place:
        env |= os.environ | {"SCHEMATHESIS_HOOKS": "tests.api.asking", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(asked, cwd=place, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Authentication failed" not in done.stdout
    assert admin.get("").status_code == 200
