"""python app.py: the whole of Evenhand on this machine."""

import os
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from dashboard import config, starting
from dashboard.allow_list import NEARBY
from dashboard.config import ROOT, Settings
from dashboard.stack import locks
from dashboard.stack.embedded_stores import Stores
from dashboard.stack.listen_socket import Door, ReadyMessage
from dashboard.stack.supervisor import Supervisor
from dashboard.starting import CannotStart
from dashboard.store.postgres import database

PYTHON = (sys.executable, "-m")
MOST_WORKERS = 64
# Started by its name, because no code of ours may import tests: it is the stand-in for Chatwoot that they call, and the
# demo account has no real one. It needs Python alone.
STANDIN = "tests.helpdesks.chatwoot.kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """The options of the command line."""

    host: str
    port: int
    instance: Path | None
    workers: int
    demo: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a stop signal; an error that prevents the start is one sentence on stderr."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        run(_options(sys.argv[1:] if arguments is None else arguments))
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run(options: StackOptions) -> None:
    """Start the stores, migrate the tables, and keep every process running until a stop signal."""
    if options.instance is not None:
        os.environ["EVENHAND_INSTANCE"] = str(options.instance.resolve())
    settings = config.load()
    _be_the_only_one(settings.instance)
    with Door(options.host, options.port) as door, Stores(settings) as stores:
        database.check_connection(stores.settings.database_url)
        database.migrate(stores.settings.database_url)
        login = _prepare_demo(stores.settings) if options.demo else ""
        greeting = ReadyMessage(door, login)
        supervisor = Supervisor(look=lambda: [*greeting.look(), *stores.mend()])
        _add_children(supervisor, options, door, stores.settings)
        if options.demo:
            _add_demo(supervisor, door, stores.settings, has_account=bool(login))
        supervisor.loop()


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of the processes; on one machine, helpdesks in its own networks may be called."""
    env = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "EVENHAND_INSTANCE": str(settings.instance),
        "PYTHONUNBUFFERED": "1",
    }
    return env if settings.helpdesk_allow else {"HELPDESK_ALLOW": NEARBY, **env}


def _add_children(supervisor: Supervisor, options: StackOptions, door: Door, settings: Settings) -> None:
    env = environment(settings)
    web = [*PYTHON, "dashboard.serving", "--descriptor", str(door.descriptor)]
    supervisor.keep("web", web, env=env, hand_over=[door.descriptor])
    for number in range(1, options.workers + 1):
        supervisor.keep(f"worker.{number}", [*PYTHON, "jobs.worker", "--queues", "scheduled_jobs", "default"], env=env)
    # A separate worker: slow receivers must delay no assignment.
    supervisor.keep("webhooks", [*PYTHON, "jobs.worker", "--queues", "webhooks"], env=env)
    # Another one, because a webhook must not wait for an alert channel either.
    supervisor.keep("alerts", [*PYTHON, "jobs.worker", "--queues", "alerts"], env=env)
    # Two more, for the same reason, and so that a long reading of a helpdesk delays no assignment there.
    supervisor.keep("helpdesk", [*PYTHON, "jobs.worker", "--queues", "helpdesk"], env=env)
    supervisor.keep("helpdesk_polls", [*PYTHON, "jobs.worker", "--queues", "helpdesk_polls"], env=env)
    # Simulations compute for seconds: they leave the processor to all others.
    simulations = [*PYTHON, "jobs.worker", "--queues", "backtests", "--nice", "15"]
    supervisor.keep("backtests", simulations, env=env)
    supervisor.keep("scheduler", [*PYTHON, "jobs.schedule"], env=env)


def _add_demo(supervisor: Supervisor, door: Door, settings: Settings, *, has_account: bool) -> None:
    """Keep the demo's simulation running, and a helpdesk beside it that customers write to."""
    env = environment(settings)
    supervisor.keep("demo", [*PYTHON, "jobs.demo", "--address", door.local_url], env=env)
    if has_account and (ROOT / STANDIN.replace(".", "/")).with_suffix(".py").exists():
        from dashboard.demo import shop

        command = [*PYTHON, STANDIN, "--folder", str(shop.folder(settings))]
        supervisor.keep("demo_helpdesk", command, env=env)


def _prepare_demo(settings: Settings) -> str:
    """Create the demo account in an empty database; return the sentence with its log-in."""
    from dashboard.demo import account

    try:
        return account.prepare(settings)
    except OSError as error:
        raise starting.unusable(settings.instance / account.KEPT_IN, error) from error


def _be_the_only_one(instance: Path) -> None:
    """Lock the instance until this process ends."""
    try:
        lock = locks.take(instance / "locks" / "stack")
    except OSError as error:
        raise starting.unusable(instance, error) from error
    if lock is None:
        raise CannotStart(f"Evenhand already runs with the instance directory {instance}.")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise the error as one sentence."""
        raise CannotStart(f"{message.removeprefix('argument ')}.")


def _options(arguments: Sequence[str]) -> StackOptions:
    parser = _Parser(prog="python app.py", description="Run web, workers and scheduler, with their stores.")
    parser.add_argument("--port", type=_whole(1, 65_535), default=8000, help="8000 unless set")
    parser.add_argument("--host", default="127.0.0.1", help="127.0.0.1 unless set")
    parser.add_argument("--instance", type=Path, help="where everything is kept; instance/ unless set")
    parser.add_argument("--workers", type=_whole(1, MOST_WORKERS), default=1, help="worker processes, 1 unless set")
    parser.add_argument("--demo", action=BooleanOptionalAction, default=True, help="a demo account; yes unless set")
    return StackOptions(**vars(parser.parse_args(arguments)))


def _whole(least: int, most: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 18 or not least <= int(text) <= most:
            raise ArgumentTypeError(f"must be a whole number from {least} to {most}, not {text!r}")
        return int(text)

    return whole
