"""For those who run it: /up, /ready and /metrics."""

import hmac
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

from flask import Blueprint, Flask, Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from dashboard.api.core.auth import presented_token
from dashboard.api.core.errors import answer
from dashboard.api.operations.prometheus import exposition
from dashboard.http import unit_of_work
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.operations import health as service
from dashboard.services.operations.health import Readiness

T = TypeVar("T")
# Two stores are asked at once; an answer that takes longer is none.
ANSWER_SECONDS = 1.5

operations = Blueprint("operations", __name__)


@operations.get("/up")
def up() -> Response:
    """Say that this process serves."""
    return jsonify(up=True)


@operations.get("/ready")
def ready() -> Response:
    """Say which parts are at work: 200 when all are, else 503."""
    postgres = _asked(service.postgres_takes_writes)
    background = _asked(service.background)
    takes_writes, doing = _answer_of(postgres), _answer_of(background)
    readiness = Readiness(
        postgres=bool(takes_writes),
        redis=doing is not None,
        workers=doing.workers if doing else 0,
        scheduler=doing.scheduler if doing else False,
    )
    response = jsonify(readiness)
    response.status_code = 200 if readiness.complete else 503
    return response


@operations.get("/metrics")
def metrics() -> Response:
    """Return the figures for Prometheus."""
    wanted = unit_of_work().settings.metrics_token
    if wanted and not hmac.compare_digest(wanted.encode(), presented_token().encode()):
        return answer(401)
    figures = exposition(service.figures(unit_of_work()), service.background(unit_of_work()))
    return Response(figures, content_type=CONTENT_TYPE_LATEST)


def _asked(ask: Callable[[UnitOfWork], T]) -> SimpleQueue[T]:
    """Ask in a thread of its own, with a desk of its own: a store that hangs must not hang the answer."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    said: SimpleQueue[T] = SimpleQueue()

    def listen() -> None:
        with app.app_context():
            said.put(ask(unit_of_work()))

    Thread(target=listen, daemon=True).start()
    return said


def _answer_of(said: SimpleQueue[T]) -> T | None:
    try:
        return said.get(timeout=ANSWER_SECONDS)
    except Empty:
        return None
