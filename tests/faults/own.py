"""Stores and a disk of a test's own, to be paused, killed, emptied and filled."""

import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Self

from redis.exceptions import RedisError

from dashboard.stack.redis import Redis as EmbeddedRedis
from dashboard.stack.spawn import with_death_signal
from dashboard.store.redis import client
from tests.faults import machine
from tests.waiting import eventually


class OwnRedis:
    """A Redis as the embedded one is started."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self.directory = directory
        self.url = f"unix://{directory}/redis.sock?db=0"
        self.process = self.start()

    def start(self, *, emptied: bool = False) -> subprocess.Popen[bytes]:
        """Start it with what it wrote down, or with nothing."""
        if emptied:
            (self.directory / "appendonly.aof").unlink()
        words = ["--port", "0", "--unixsocket", "redis.sock", "--appendonly", "yes", "--loglevel", "warning"]
        program = [str(EmbeddedRedis.program), *words]
        self.process = subprocess.Popen(
            program,
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
            preexec_fn=with_death_signal(signal.SIGKILL),  # noqa: PLW1509  a test run that is killed leaves nobody at work
        )
        eventually(self._answers)
        return self.process

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Kill it however it was left, and remove what it wrote."""
        self.process.send_signal(signal.SIGCONT)
        self.kill()
        shutil.rmtree(self.directory)

    def set(self, name: str, value: object) -> None:
        """Change a setting while it runs."""
        client.connect(self.url).config_set(name, str(value))

    def forbid(self, command: str, *, allow: bool = False) -> None:
        """Refuse a command to everybody, or no more."""
        client.connect(self.url).acl_setuser("default", commands=[f"{'+' if allow else '-'}{command}"], enabled=True)

    def _answers(self) -> bool:
        try:
            return bool(client.connect(self.url).ping())
        except RedisError:
            return False


class SmallDisk:
    """A disk of its own for a directory, where this machine lets us have one."""

    SIZE = "400m"

    def __init__(self, place: Path) -> None:
        self._place = place
        self._ballast = place / "ballast"
        self.is_there = False

    def __enter__(self) -> Self:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={self.SIZE},mode=755", "tmpfs", str(self._place)]
        self.is_there = machine.has_disks() and subprocess.run(mount, check=False).returncode == 0
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_there:
            subprocess.run(["umount", "--lazy", str(self._place)], check=True)

    def fill(self) -> None:
        """Leave not a byte."""
        assert self.is_there, "this would fill the machine's own disk"
        with suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while True:
                ballast.write(bytes(65_536))

    def clear(self) -> None:
        self._ballast.unlink()
