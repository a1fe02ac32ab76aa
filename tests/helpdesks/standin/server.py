"""The HTTP program around a stand-in: the helpdesk's own API, and the control interface under /__fake/."""

import argparse
import os
import sys
import threading
import traceback
from contextlib import suppress
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.helpdesks.standin.base import Standin
from tests.helpdesks.standin.messages import Reply, Request, as_json

CONTROL = "/__fake/"


class Server(ThreadingHTTPServer):
    """A thread for each connection."""

    daemon_threads = True
    request_queue_size = 256
    standin: Standin

    def handle_error(self, request: object, client_address: object) -> None:
        """Leave alone callers who went away."""
        if not isinstance(sys.exception(), ConnectionError):
            traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    """Reads a request whole, and sends its reply in one piece, dated by the stand-in's clock."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def serve(self) -> None:
        """Answer one request."""
        standin: Standin = self.server.standin  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request.of(self.command, self.path, headers, body)
        try:
            reply = control(standin, request) if request.path.startswith(CONTROL) else standin.serve(request)
        except ConnectionAbortedError:
            self.close_connection = True
            return
        with suppress(ConnectionError):  # the caller waited no longer
            self.wfile.write(self._head(standin, reply) + reply.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Write nothing: the log is the stand-in's."""

    def _head(self, standin: Standin, reply: Reply) -> bytes:
        lines = [
            f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
            f"Date: {format_datetime(standin.clock.now(), usegmt=True)}",
            f"Content-Type: {reply.type}",
            f"Content-Length: {len(reply.body)}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode()


def control(standin: Standin, request: Request) -> Reply:
    """Answer a call of the control interface; what makes no sense there is the test's mistake."""
    try:
        return as_json(standin.control(request.path.removeprefix(CONTROL), request.json()))
    except (LookupError, TypeError, ValueError):
        return as_json({"error": traceback.format_exc()}, 400)


def main(standin: Standin) -> None:
    """Serve until the program is ended; with --tied, until its standard input is closed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tied", action="store_true")
    told = parser.parse_args()
    server = Server((told.host, told.port), Handler)
    if told.tied:
        threading.Thread(target=_end_with_input, daemon=True).start()
    serve(server, standin)


def serve(server: Server, standin: Standin) -> None:
    """Print the address, and serve until the program is ended."""
    server.standin = standin
    print(f"http://{server.server_address[0]}:{server.server_port}", flush=True)
    with suppress(KeyboardInterrupt):
        server.serve_forever(poll_interval=60)  # nobody shuts it down: the program ends


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
