"""A Chatwoot that outlives its process, for the demo account: `python -m tests.helpdesks.chatwoot.kept --folder DIR`.

It keeps its world in the folder, and its address: the next start takes the same port if it can. So a start after
`kill -9` has the same conversations by the same ids, and a connection to it goes on.
"""

import argparse
import dataclasses
import pickle
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.helpdesks.chatwoot import model
from tests.helpdesks.chatwoot.chatwoot import ChatwootStandin
from tests.helpdesks.standin.messages import Reply, Request
from tests.helpdesks.standin.server import Handler, Server, serve

# Conversations; older ones that are resolved are forgotten, so that it can run for weeks.
MOST = 200
UNREADABLE = (OSError, pickle.UnpicklingError, AttributeError, EOFError, ImportError, IndexError, TypeError, ValueError)


class KeptChatwoot(ChatwootStandin):
    """A Chatwoot in a file, written before the lock of a change is released: nobody has seen what a kill undoes."""

    remembers = 200

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.options = {"allow_private": True}
        if path.exists():
            self._read()

    def load(self, things: Mapping[str, Any]) -> Any:
        """Add to the model."""
        done = super().load(things)
        self._keep()
        return done

    def act(self, act: Mapping[str, Any]) -> Any:
        """Let somebody do something."""
        done = super().act(act)
        self._keep()
        return done

    def answer(self, request: Request) -> Reply:
        """Answer a request of the API."""
        reply = super().answer(request)
        if request.method != "GET" and not request.path.endswith("/filter"):
            self._keep()
        return reply

    def _keep(self) -> None:
        self._forget()
        draft = self._path.with_suffix(".draft")
        draft.write_bytes(pickle.dumps((shape(), self.world)))
        draft.replace(self._path)

    def _forget(self) -> None:
        world = self.world
        ended = [key for key, one in sorted(world.conversations.items()) if one.status == "resolved"]
        old = ended[: max(len(world.conversations) - MOST, 0)]
        if not old:
            return
        for key in old:
            world.contacts.pop(world.conversations.pop(key).contact_id, None)
        kept = {one.id for one in world.conversations.values()}
        world.events = [event for event in world.events if event.conversation.id in kept]
        world.revision += 1

    def _read(self) -> None:
        """Take the kept world over; one of another release is left, and everything begins anew."""
        try:
            made_by, world = pickle.loads(self._path.read_bytes())
        except UNREADABLE as error:
            print(f"{self._path} cannot be read, so this Chatwoot begins anew: {error}", file=sys.stderr)
            return
        if made_by == shape():
            self.world, self.random = world, world.random


def shape() -> dict[str, list[str]]:
    """Return the fields of everything that is kept."""
    kinds = [kind for kind in vars(model).values() if isinstance(kind, type) and dataclasses.is_dataclass(kind)]
    return {kind.__name__: [field.name for field in dataclasses.fields(kind)] for kind in kinds}


def bound(address: Path) -> Server:
    """Return a server on the port of the last start if that is free, else on another; write its address down."""
    former = urlsplit(address.read_text()).port if address.exists() else None
    server = None
    if former:
        with suppress(OSError):
            server = Server(("127.0.0.1", former), Handler)
    server = server or Server(("127.0.0.1", 0), Handler)
    draft = address.with_suffix(".draft")
    draft.write_text(f"http://127.0.0.1:{server.server_port}")
    draft.replace(address)
    return server


def main() -> None:
    """Serve until the program is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    folder: Path = parser.parse_args().folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    standin = KeptChatwoot(folder / "world")
    serve(bound(folder / "address"), standin)


if __name__ == "__main__":
    main()
