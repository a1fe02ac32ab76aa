"""Two hosts on one machine: network namespaces behind a bridge, through whose address alone they reach the stores."""

import asyncio
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import make_url

from dashboard.config import Settings
from dashboard.stack.postgres import SOCKET
from tests.waiting import PATIENCE

HOSTS = ("a", "b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A namespace with an address of its own, and what its processes are told of the stores."""

    namespace: str
    address: str
    settings: Settings

    def command(self, *words: str) -> Sequence[str]:
        """Return what runs a program there."""
        return ("ip", "netns", "exec", self.namespace, *words)


@contextmanager
def two_hosts(settings: Settings) -> Iterator[Sequence[Host]]:
    """Yield two hosts; the stores' sockets, which no network reaches, are lent to the bridge's address."""
    bridge, network = f"eh{os.getpid()}", f"10.213.{os.getpid() % 254 + 1}"
    names = [f"{bridge}{letter}" for letter in HOSTS]
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("addr", "add", f"{network}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for number, name in enumerate(names, start=2):
            _join(bridge, name, f"{network}.{number}/24")
        with _lent(settings, f"{network}.1") as reached:
            yield [
                Host(namespace=name, address=f"{network}.{number}", settings=reached)
                for number, name in enumerate(names, start=2)
            ]
    finally:
        for name in names:
            _ip("link", "del", f"{name}0", check=False)
            _ip("netns", "del", name, check=False)
        _ip("link", "del", bridge, check=False)


def _join(bridge: str, name: str, address: str) -> None:
    """Make a namespace with a cable to the bridge."""
    _ip("netns", "add", name)
    _ip("link", "add", f"{name}0", "type", "veth", "peer", "name", f"{name}1")
    _ip("link", "set", f"{name}1", "netns", name)
    _ip("link", "set", f"{name}0", "master", bridge, "up")
    _ip("-n", name, "addr", "add", address, "dev", f"{name}1")
    _ip("-n", name, "link", "set", f"{name}1", "up")
    _ip("-n", name, "link", "set", "lo", "up")


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=not check)


@contextmanager
def _lent(settings: Settings, address: str) -> Iterator[Settings]:
    """Yield settings that reach both stores at this address."""
    postgres, redis = make_url(settings.database_url), urlsplit(settings.redis_url)
    lender = _Lender(address, [f"{postgres.query['host']}/{SOCKET}", unquote(redis.path)])
    thread = threading.Thread(target=asyncio.run, args=[lender.lend()])
    thread.start()
    try:
        ports = lender.ports.result(PATIENCE)
        yield replace(
            settings,
            database_url=f"postgresql+psycopg://postgres@{address}:{ports[0]}/{postgres.database}",
            redis_url=f"redis://{address}:{ports[1]}/{redis.query.removeprefix('db=')}",
        )
    finally:
        lender.stop()
        thread.join()


class _Lender:
    """Listens at an address for each of some sockets, and carries what comes to it and back."""

    def __init__(self, address: str, paths: Sequence[str]) -> None:
        self._address, self._paths = address, paths
        self.ports: Future[list[int]] = Future()

    async def lend(self) -> None:
        """Lend until told to stop; whoever is still connected is cut off."""
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        servers = [await asyncio.start_server(partial(_carry, path), self._address) for path in self._paths]
        self.ports.set_result([server.sockets[0].getsockname()[1] for server in servers])
        await self._told.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._told.set)


async def _carry(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    inner_reader, inner_writer = await asyncio.open_unix_connection(path)
    await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):  # a process that ends need not take leave
        while some := await reader.read(65_536):
            writer.write(some)
            await writer.drain()
    writer.close()
