"""The composition root: the web application, and `python app.py`, which runs everything on this machine."""

import sys

import psycopg
from flask import Flask, Response, jsonify

from dashboard import config


def create_app() -> Flask:
    """Build the web application."""
    app = Flask(__name__)
    settings = config.load()

    @app.get("/up")
    def up() -> Response:
        return jsonify(up=True)

    @app.get("/ready")
    def ready() -> Response:
        psycopg.connect(settings.database_url.replace("+psycopg", "")).close()
        return jsonify(postgres=True)

    return app


if __name__ == "__main__":
    from dashboard.stack.main import main

    sys.exit(main())
