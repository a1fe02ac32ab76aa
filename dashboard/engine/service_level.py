"""The service level: conversations assigned within their target, of those that were due (E56)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WithinTarget:
    """Conversations assigned within their target, of those assigned and those that still wait past it."""

    met: int = 0
    of: int = 0

    def __add__(self, other: "WithinTarget") -> "WithinTarget":
        return WithinTarget(met=self.met + other.met, of=self.of + other.of)


NONE_DUE = WithinTarget()


def within_target(*, due: int, met: int, overdue: int) -> WithinTarget:
    """Return the service level of so many assignments with a target, and of those that are overdue."""
    return WithinTarget(met=met, of=due + overdue)
