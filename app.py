"""The composition root: the web application, and `python app.py`, which runs everything on this machine."""

import sys

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from dashboard import api, cli, commands, config, logs, web
from dashboard.services.tools import tools
from dashboard.store import database
from dashboard.store.models import Base
from jobs.queues import Jobs

# A body over this is refused with 413 before it is read (1 MiB).
LARGEST_BODY = 1024 * 1024
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})


def create_app(settings: config.Settings | None = None) -> Flask:
    """Build the web application. Nothing is connected before first use, so gunicorn may fork after it.

    Raises BadSetting.
    """
    settings = settings or config.load()
    logs.set_up(settings.log_format)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=database.ENGINE_OPTIONS,
    )
    db.init_app(app)
    made = tools(settings, Jobs(settings.redis_url))
    app.extensions["evenhand"] = lambda: made.desk(db.session())
    api.register(app, settings)
    web.register(app, settings)
    cli.register(app)
    commands.register(app)
    return app


if __name__ == "__main__":
    from dashboard.stack.main import main

    sys.exit(main())
