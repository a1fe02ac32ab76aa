"""A page of a list, and how long the list is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is wanted; pages count from 1."""

    page: int = 1
    per_page: int = 25

    @property
    def offset(self) -> int:
        """Return how many come before it."""
        return (self.page - 1) * self.per_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """How many there are in all, and which page this is."""

    count: int
    page: int
    per_page: int

    @property
    def last_page(self) -> int:
        """Return the page that the list ends on; one without anything has its first page."""
        return max(1, -(-self.count // self.per_page))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[T]):
    """One page of a list."""

    data: tuple[T, ...]
    meta: Meta


def listed(rows: Iterable[T], count: int, page: Page) -> Listed[T]:
    """Return the page of a list that has so many in all."""
    return Listed(data=tuple(rows), meta=Meta(count=count, page=page.page, per_page=page.per_page))
