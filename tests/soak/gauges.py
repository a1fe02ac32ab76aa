"""How much memory each part of the stack has, watched while it works; shared pages are counted once."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from statistics import median

import psutil

EVERY = 5.0
MEGABYTE = 1_000_000
# Words of a process's command, by the part that it is of; the first that fits.
PARTS = {
    "web": ("dashboard.serving",),
    "workers": ("jobs.worker",),
    "scheduler": ("jobs.schedule",),
    "redis": ("redis-server",),
    "postgres": ("postgres",),
}
# What is more than this in the last quarter than in the one before is growth.
SHARE, SLACK = 1.05, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """One part's memory, in MB."""

    part: str
    first_half: float
    second_half: float
    third_quarter: float
    last_quarter: float

    @property
    def holds(self) -> bool:
        """Say whether it has stopped growing: what is kept for minutes fills up first."""
        return self.last_quarter <= self.third_quarter * SHARE + SLACK


@dataclass(slots=True)
class Gauges:
    """Looks every few seconds, in a thread of its own."""

    home: str
    samples: list[Mapping[str, float]] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look until the end of the block."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        yield
        self._over.set()
        thread.join()

    def grown(self) -> list[Grown]:
        """Return each part with the medians of the halves and quarters of the time."""
        half, quarter = len(self.samples) // 2, len(self.samples) // 4
        spans = {
            "first_half": self.samples[:half],
            "second_half": self.samples[half:],
            "third_quarter": self.samples[half : half + quarter],
            "last_quarter": self.samples[half + quarter :],
        }
        return [
            Grown(part=part, **{name: median(one[part] for one in span) for name, span in spans.items()})
            for part in PARTS
        ]

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self.samples.append(self._look())

    def _look(self) -> Mapping[str, float]:
        found = dict.fromkeys(PARTS, 0.0)
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if part := self._part_of(process):
                    memory = process.memory_full_info()
                    # Postgres fills its shared buffers, which are of one size, with whatever it meets first.
                    found[part] += (memory.uss if part == "postgres" else memory.pss) / MEGABYTE
        return found

    def _part_of(self, process: psutil.Process) -> str | None:
        words = " ".join(process.cmdline())
        part = next((name for name, named in PARTS.items() if all(word in words for word in named)), None)
        if part is None:
            return None
        mine = part == "postgres" and words.startswith("postgres: ")
        place = process.environ().get("EVENHAND_INSTANCE", "") + words + (process.cwd() if mine else "")
        return part if self.home in place else None
