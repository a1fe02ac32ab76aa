"""A server in a helpdesk's place: real HTTP, which answers as it is told; and a client for it with an open gate."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dashboard import clock
from dashboard.allow_list import AllowList
from dashboard.http_client.helpdesk_client import HelpdeskClient, Urgency
from dashboard.http_client.pinned_transport import CallSeconds, HelpdeskTransports

LOOPBACK = AllowList(networks=(ip_network("127.0.0.0/8"),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; with `length` unset, its headers tell the body's own."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    client: tuple[str, int]


@dataclass(slots=True)
class DeskServer:
    """Answers each request with what `answer` returns for the number of requests before."""

    url: str
    answer: Callable[[int], Reply] = lambda _: Reply()
    asked: list[Asked] = field(default_factory=list)

    @property
    def sockets(self) -> set[tuple[str, int]]:
        """Return the connections that requests came by."""
        return {one.client for one in self.asked}


@dataclass(slots=True)
class OpenGate:
    """Lets every call through, and keeps what is reported."""

    reports: list[tuple[int | None, bool, timedelta | None]] = field(default_factory=list)

    def wait(self, urgency: int) -> int:
        return 0

    def report(self, permit: int, *, status: int | None, failed: bool, pause: timedelta | None = None) -> None:
        self.reports.append((status, failed, pause))


@contextmanager
def desk_server(
    answer: Callable[[int], Reply] = lambda _: Reply(), *, tls: ssl.SSLContext | None = None
) -> Iterator[DeskServer]:
    """Serve on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls else "http"
    server.desk = DeskServer(f"{scheme}://127.0.0.1:{server.server_port}", answer)  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.desk  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


def client_of(url: str, **how: Any) -> HelpdeskClient:
    """Return a client that may call this machine, and sleeps never."""
    allow, seconds = how.pop("allow", LOOPBACK), how.pop("seconds", CallSeconds())
    more = {name: how.pop(name) for name in ("resolve", "tls") if name in how}
    transports = how.pop("transports", None) or HelpdeskTransports(allow, seconds=seconds, **more)
    gate = how.pop("gate", None) or OpenGate()
    how.setdefault("sleep", lambda _: None)
    return HelpdeskClient(url, gate, transports, urgency=how.pop("urgency", Urgency.WRITE), **how)


@contextmanager
def certificate(host: str, folder: Path) -> Iterator[tuple[ssl.SSLContext, ssl.SSLContext]]:
    """Yield TLS for a server of this name, and for a client that trusts its certificate."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.OID_COMMON_NAME, host)])
    now = clock.now()
    made = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, SHA256())
    )
    file = folder / f"{host}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(file)
    yield served, ssl.create_default_context(cadata=made.public_bytes(Encoding.PEM).decode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body go in one packet: the second of two would wait 40 ms for the receipt of the first.
    wbufsize = 1 << 16

    def do_GET(self) -> None:
        desk: DeskServer = self.server.desk  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        number = len(desk.asked)
        desk.asked.append(
            Asked(
                method=self.command,
                path=self.path,
                headers=dict(self.headers),
                body=body,
                client=self.client_address[:2],
            )
        )
        with suppress(OSError):  # the caller has enough
            self._answer(desk.answer(number))

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815  (the server's names)

    def _answer(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
        self.end_headers()
        self.wfile.write(reply.body)
        if reply.length is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""
