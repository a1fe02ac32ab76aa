"""Ways to a store that are slow and lossy, or end in the middle of a commit: a relay that passes on what it hears."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

# A way, and what a lost packet costs: it is sent again after a while, and after a longer one if that is lost too.
DELAY, LOST, SENT_AGAIN_AFTER = 0.1, 0.02, (0.4, 1.2, 3.0)


class Cut(Enum):
    """What of a commit does not get through: the word itself, or the answer to it."""

    COMMIT = "commit"
    ANSWER = "answer"


@dataclass(slots=True)
class Relay:
    """Passes on what comes to a port to a socket; `cut` ends the connection that commits next."""

    target: str
    port: int = 0
    is_slow: threading.Event = field(default_factory=threading.Event)
    cut: Cut | None = None
    unheard: set[socket.socket] = field(default_factory=set)

    def accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = server.accept()
                far = socket.socket(socket.AF_UNIX)
                try:
                    far.connect(self.target)
                except OSError:
                    near.close()
                    continue
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while (said := source.recv(65_536)) and not self._is_cut(source, sink, said):
                if self.is_slow.is_set():
                    time.sleep(DELAY + (random.choice(SENT_AGAIN_AFTER) if random.random() < LOST else 0.0))
                sink.sendall(said)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _is_cut(self, source: socket.socket, sink: socket.socket, said: bytes) -> bool:
        if self.cut is None or b"COMMIT" not in said:
            return source in self.unheard
        cut, self.cut = self.cut, None
        if cut is Cut.ANSWER:
            self.unheard.add(sink)
        return cut is Cut.COMMIT


@contextmanager
def relay(target: str) -> Iterator[Relay]:
    """Stand between a socket and whoever comes to the relay's port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = Relay(target, int(server.getsockname()[1]))
        threading.Thread(target=made.accept, args=(server,), daemon=True).start()
        yield made
        server.shutdown(socket.SHUT_RDWR)
