"""A mail server in a thread that keeps the mails that it receives."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from dashboard.mail import MailServer

ANSWERS = {b"MAIL": "250 OK", b"RCPT": "250 OK", b"QUIT": "221 Bye"}


@dataclass(slots=True)
class Mailbox:
    """The mails so far; `refuses` is the number of mails that the server refuses before it takes one."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?from=evenhand@acme.example"


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Run a server without encryption."""
    box = Mailbox(0)

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self._say("354 go on")
                    self._keep(b"".join(iter(self.rfile.readline, b".\r\n")))
                else:
                    self._say(ANSWERS.get(word, "250 here"))
                if word == b"QUIT":
                    return

        def _keep(self, mail: bytes) -> None:
            if box.refuses:
                box.refuses -= 1
                self._say("451 later")
                return
            box.mails.append(message_from_bytes(mail, policy=default))  # type: ignore[arg-type]
            self._say("250 kept")

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield box
        server.shutdown()


def of(box: Mailbox, **facts: object) -> MailServer:
    """Return the settings of this server."""
    plain = {"host": "127.0.0.1", "port": box.port, "is_encrypted": False, "user": "", "password": ""}
    return MailServer(**{**plain, "sender": "evenhand@acme.example", **facts})  # type: ignore[arg-type]
