"""Pages of lists with their total count."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A requested part of a list; pages count from 1."""

    page: int = 1
    per_page: int = 25

    @property
    def offset(self) -> int:
        """Return the number of rows before this page."""
        return (self.page - 1) * self.per_page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMeta:
    """The total number of rows, and the number and size of this page."""

    count: int
    page: int
    per_page: int

    @property
    def last_page(self) -> int:
        """Return the number of the last page; an empty list has one page."""
        return max(1, -(-self.count // self.per_page))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[T]):
    """One page of a list."""

    data: tuple[T, ...]
    meta: PageMeta


def listed(rows: Iterable[T], count: int, page: Page) -> Listed[T]:
    """Return a page of a list with this total count."""
    return Listed(data=tuple(rows), meta=PageMeta(count=count, page=page.page, per_page=page.per_page))
