"""A slow and lossy way to a store: a relay that lets each piece wait, and now and then one as long as TCP does."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

# A way, and what a lost packet costs: it is sent again after a while, and after a longer one if that is lost too.
DELAY, LOST, SENT_AGAIN_AFTER = 0.1, 0.02, (0.4, 1.2, 3.0)


@dataclass(slots=True)
class Relay:
    """Passes on what comes to a port to a socket."""

    target: str
    port: int = 0
    is_slow: threading.Event = field(default_factory=threading.Event)

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
            while said := source.recv(65_536):
                if self.is_slow.is_set():
                    time.sleep(DELAY + (random.choice(SENT_AGAIN_AFTER) if random.random() < LOST else 0.0))
                sink.sendall(said)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay(target: str) -> Iterator[Relay]:
    """Stand between a socket and whoever comes to the relay's port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = Relay(target, int(server.getsockname()[1]))
        threading.Thread(target=made.accept, args=(server,), daemon=True).start()
        yield made
        server.shutdown(socket.SHUT_RDWR)
