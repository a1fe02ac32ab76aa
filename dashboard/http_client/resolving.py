"""Names resolved within a time: the system's resolver waits for a silent name server longer than any lease."""

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread

from dashboard.http_client.url_guard import Resolve, Target


def resolve_within(
    seconds: float, resolve: Resolve, target: Target, *, at_end: Callable[[], None] = lambda: None
) -> Sequence[str]:
    """Return the addresses of the host; `at_end` is called when the resolver ends, in time or not. Raises OSError."""
    found: SimpleQueue[Sequence[str] | OSError | ValueError] = SimpleQueue()

    def ask() -> None:
        try:
            found.put(resolve(target.host, target.port))
        except (OSError, ValueError) as error:
            found.put(error)
        finally:
            at_end()

    Thread(target=ask, daemon=True, name="resolver").start()
    try:
        answer = found.get(timeout=max(seconds, 0.0))
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError | ValueError):
        raise answer
    return answer
