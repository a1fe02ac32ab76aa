"""A Request Tracker of the tests' own: Debian's program with its own database, people and port, without root."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.helpdesks.rt.machine import PROGRAMS, SERVER, SETUP
from tests.processes import family, kill
from tests.stack.running import a_free_port
from tests.waiting import PATIENCE, eventually

HERE = Path(__file__).parent
PEOPLE, TOKEN = HERE / "people.pl", HERE / "token.pl"
ROOT, PASSWORD = "root", "password"
SETTINGS = """
Set($rtname, 'acme.test');
Set($Organization, 'acme.test');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.db');
Set($WebPath, '');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($Timezone, 'America/New_York'); # so that a time that is read in the wrong zone is seen
Set($BcryptCost, 4); # each call checks a password, which takes a third of a second with the usual cost
Set($MailCommand, 'testfile');
Set($LogToSTDERR, 'warning');
Set($LogToSyslog, undef);
Set($MasonDataDir, '{folder}/mason');
Set($MasonSessionDir, '{folder}/sessions');
1;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A running Request Tracker."""

    url: str
    environment: Mapping[str, str]

    def token(self, user: str) -> str:
        """Return a new token of this user, as its page Auth Tokens makes them."""
        return _run(["perl", str(TOKEN), user], self.environment)


@contextmanager
def running() -> Iterator[Instance]:
    """Yield a Request Tracker with the cast, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix="evenhand-rt-") as name:
        folder, port = Path(name), a_free_port()
        environment = _prepare(folder, port)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                ["perl", str(SERVER), "--port", str(port), "--host", "127.0.0.1", "--max-workers", "2"],
                env=environment,
                cwd=folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                url = f"http://127.0.0.1:{port}"
                eventually(lambda: _answers(url, process))
                yield Instance(url=url, environment=environment)
            finally:
                started = family(process.pid)
                process.terminate()
                kill(started)
                process.wait()


def _prepare(folder: Path, port: int) -> Mapping[str, str]:
    for name in ("none", "mason", "sessions"):
        (folder / name).mkdir()
    site = folder / "site.pm"
    site.write_text(SETTINGS.format(folder=folder, port=port))
    # The empty directory keeps out the settings that Debian made for a Request Tracker of the machine.
    environment = {
        **os.environ,
        "PATH": PROGRAMS,
        "RT_SITE_CONFIG": str(site),
        "RT_SITE_CONFIG_DIR": str(folder / "none"),
    }
    alone = ["--skip-create", "--dba", "", "--prompt-for-dba-password", "0"]
    _run([SETUP, "--action", "init", *alone], environment)
    _run([SETUP, "--action", "insert", "--datafile", str(PEOPLE), *alone], environment)
    return environment


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{command[0]} failed: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "Request Tracker ended before it answered."
    try:
        return httpx.get(f"{url}/REST/2.0/rt", auth=(ROOT, PASSWORD), timeout=PATIENCE).status_code == 200
    except httpx.TransportError:
        return False
