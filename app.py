"""The composition root: the web application, and `python app.py`, which runs everything on this machine."""

import atexit
import sys
from contextlib import ExitStack

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard import api, config, http, logs, starting, tracing, web
from dashboard.cli import accounts, assignment, backup, connections
from dashboard.config import Settings
from dashboard.services.core.container import build
from dashboard.store.models import Base
from dashboard.store.postgres import database, liveness, schema
from jobs.rq_queue import RqJobs

# Larger bodies are refused with 413 before they are read (1 MiB).
LARGEST_BODY = 1024 * 1024
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})


def create_app(settings: Settings | None = None) -> Flask:
    """Build the web application. It connects on first use, so a server may fork after this call.

    Given settings must have both URLs. Settings from the environment need no URL: the embedded stores are used, and
    started if they do not run. A failed start ends the process with one sentence.
    """
    settings = settings or _found()
    logs.set_up(settings.log_format)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=database.ENGINE_OPTIONS,
    )
    if settings.trusted_proxies:
        # The nearest proxy writes the last value of a header; a client may write anything before the trusted values.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=1)  # type: ignore[method-assign]
    db.init_app(app)
    with app.app_context():
        liveness.watch(db.engine)
    made = build(settings, RqJobs(settings.redis_url, shares_silence=True), shares_silence=True)
    app.extensions["evenhand"] = lambda: made.work(db.session())
    for part in (tracing, http, api, web, accounts, assignment, backup, connections):
        part.register(app, settings)
    accounts.tell_of_stores_in_a_sentence(app.cli)
    return app


def _found() -> Settings:
    with starting.or_exit():
        return _with_stores(config.load())


def _with_stores(settings: Settings) -> Settings:
    """Return the settings with both URLs. Embedded stores are held until this process ends. Raises CannotStart."""
    if settings.database_url:
        schema.expect_known(settings.database_url)
    if settings.database_url and settings.redis_url:
        return settings
    from dashboard.stack.embedded_stores import stores

    held = ExitStack()
    atexit.register(held.close)
    found = held.enter_context(stores(settings))
    database.migrate(found.database_url)
    return found


if __name__ == "__main__":
    from dashboard.stack.main import main

    sys.exit(main())
