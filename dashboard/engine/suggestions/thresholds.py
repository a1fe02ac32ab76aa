"""Search for the least sufficient limit."""

from bisect import bisect_left
from collections.abc import Callable, Sequence

# Of this many numbers each is tried. Of more it is taken for granted that what works for one works for all above it.
EACH_OF = 16


def least(works: Callable[[int], bool], *, low: int, guess: int, most: int) -> int | None:
    """Return the least working number from `low` to `most`, None if `most` does not; a correct guess costs two tries.

    The number before the returned one never works, even if working numbers are not contiguous.
    """
    if most - low < EACH_OF:
        return next(filter(works, range(low, most + 1)), None)
    guess = min(max(guess, low), most)
    if works(guess):
        if guess == low or not works(guess - 1):
            return guess
        return low + bisect_left(range(low, guess - 1), True, key=works)
    if not works(most):
        return None
    return guess + 1 + bisect_left(range(guess + 1, most), True, key=works)


def enough(held: Sequence[int], room: int) -> int:
    """Return the least limit under which agents with these loads may together take `room` more conversations."""
    low = min(held) + 1

    def taken(limit: int) -> int:
        return sum(limit - one for one in held if one < limit)

    return low + bisect_left(range(low, min(held) + room), room, key=taken)
