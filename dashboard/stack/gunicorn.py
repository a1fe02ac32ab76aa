"""How gunicorn serves the web application, here and on many machines: `gunicorn -c python:dashboard.stack.gunicorn`."""

import gc
import sys
from importlib import import_module
from typing import Any

from dashboard import starting
from dashboard.store import schema

worker_class = "dashboard.stack.patience.PatientWorker"
# One more than two cores: while one draws a board, the others answer. Their threads wait for Postgres, and some for a
# run that was asked for with wait=true.
workers = 3
threads = 8
# For so long a thread that draws a page may keep the others of its process from going on; 5 ms unless said.
SWITCH_SECONDS = 0.001
# Longer than a tab waits between two polls.
keepalive = 10
graceful_timeout = 3
loglevel = "warning"
control_socket_disable = True


def on_starting(_master: Any) -> None:
    """Refuse once, in the process that was started, what would prevent every worker's start."""
    app = import_module("app").create_app()
    with starting.or_exit():
        schema.expect_current(app.config["SQLALCHEMY_DATABASE_URI"])


def post_worker_init(_worker: Any) -> None:
    """Leave what was imported out of every collection: the board of 1,000 agents took twice as long with it."""
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)
