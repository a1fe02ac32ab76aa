"""Required skills as one text, so that conversations with the same skills are compared and indexed as one (E58)."""

from collections.abc import Iterable

# No name has a line break: forms refuse it.
SEPARATOR = "\n"


def folded(names: Iterable[str]) -> frozenset[str]:
    """Return the names as they are compared, whatever their case."""
    return frozenset(name.casefold() for name in names)


def key_of(names: Iterable[str]) -> str:
    """Return the key of these skills; empty for none."""
    return SEPARATOR.join(sorted(folded(names)))


def skills_of(key: str) -> frozenset[str]:
    """Return the case-folded skills of a key."""
    return frozenset(key.split(SEPARATOR)) if key else frozenset()
