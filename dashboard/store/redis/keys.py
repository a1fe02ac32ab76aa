"""Every Redis key: its shape, type and lifetime, in one table (E51, E52).

The braces make the account a Redis Cluster hash tag: one account's keys share a slot, so scripts over
several of them stay valid on a cluster.
"""

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyKind:
    """One kind of key: its Redis type, its lifetime and the module that writes it."""

    name: str
    type: str
    lifetime: str
    owner: str
    shape: str


REGISTRY = (
    KeyKind(name="presence", type="zset", lifetime="kept", owner="presence", shape="{acct:1}:presence"),
    KeyKind(name="availability", type="hash", lifetime="kept", owner="presence", shape="{acct:1}:availability"),
    KeyKind(name="rate", type="zset", lifetime="window + 2 min", owner="limits", shape="{acct:1}:rate:inbox:2:agent:3"),
    KeyKind(name="counted", type="string", lifetime="7 days", owner="limits", shape="{acct:1}:counted:inbox:2"),
    KeyKind(name="rotation", type="zset", lifetime="7 days", owner="rotation", shape="{acct:1}:rotation:inbox:2"),
    KeyKind(name="pending", type="string", lifetime="60 s", owner="wakeups", shape="{acct:1}:pending:inbox:2"),
    KeyKind(name="wakeup", type="string", lifetime="until due", owner="wakeups", shape="{acct:1}:wakeup:inbox:2"),
    KeyKind(name="outbox", type="string", lifetime="60 s", owner="listeners", shape="{acct:1}:outbox"),
    KeyKind(name="listeners", type="string", lifetime="1 hour", owner="listeners", shape="{acct:1}:listeners"),
    KeyKind(name="since", type="string", lifetime="kept", owner="beginnings", shape="{acct:1}:since"),
    KeyKind(name="live", type="string", lifetime="kept", owner="live", shape="{acct:1}:live"),
    KeyKind(name="drawing", type="hash", lifetime="5 s", owner="drawings", shape="{acct:1}:drawing:view:2"),
    KeyKind(name="drawer", type="string", lifetime="1 s", owner="drawings", shape="{acct:1}:drawer:turn:2"),
    KeyKind(name="gate", type="hash", lifetime="2 hours", owner="gates", shape="{acct:1}:gate:connection:2"),
    KeyKind(name="calls", type="hash", lifetime="7 days", owner="gates", shape="{acct:1}:calls:connection:2"),
    KeyKind(name="marked", type="string", lifetime="10 s", owner="marks", shape="{acct:1}:marked:connection:2"),
    KeyKind(name="poll", type="string", lifetime="60 s", owner="marks", shape="{acct:1}:poll:connection:2"),
)


def presence(account_id: int) -> str:
    """Return the sorted set of agent ids by the instant of their last heartbeat."""
    return _key(account_id, "presence")


def availability(account_id: int) -> str:
    """Return the hash of agent id to set availability."""
    return _key(account_id, "availability")


# Called twice per agent and batch. Typed, because a dictionary treats 1 and True as equal, and `_id` does not.
@lru_cache(maxsize=10_000, typed=True)
def rate(account_id: int, inbox_id: int, agent_id: int) -> str:
    """Return the sorted set of conversation ids by the instant of their assignment to the agent."""
    return _key(account_id, "rate", inbox=inbox_id, agent=agent_id)


def counted(account_id: int, inbox_id: int) -> str:
    """Return the window, in microseconds, over which the inbox's sorted sets are complete."""
    return _key(account_id, "counted", inbox=inbox_id)


def rotation(account_id: int, *, inbox_id: int | None = None, team_id: int | None = None) -> str:
    """Return the sorted set of agent ids by turn, of a team or else of an inbox."""
    if team_id is not None:
        return _key(account_id, "rotation", team=team_id)
    return _key(account_id, "rotation", inbox=inbox_id)


def pending(account_id: int, inbox_id: int) -> str:
    """Return the mark of an enqueued run of the inbox that has not begun."""
    return _key(account_id, "pending", inbox=inbox_id)


def wakeup(account_id: int, inbox_id: int) -> str:
    """Return the instant of the inbox's scheduled wake-up."""
    return _key(account_id, "wakeup", inbox=inbox_id)


def outbox(account_id: int) -> str:
    """Return the mark of an enqueued job for the account's outbox that has not begun."""
    return _key(account_id, "outbox")


def listeners(account_id: int) -> str:
    """Return the flag that the account has webhooks."""
    return _key(account_id, "listeners")


def since(account_id: int) -> str:
    """Return the marker that Redis has kept the account's data."""
    return _key(account_id, "since")


def live(account_id: int) -> str:
    """Return the counter that increases when a page of the account may change."""
    return _key(account_id, "live")


def drawing(account_id: int, view_id: int) -> str:
    """Return the last rendered version of a view."""
    return _key(account_id, "drawing", view=view_id)


def drawer(account_id: int, turn: int) -> str:
    """Return the lock for rendering the views that share this number."""
    return _key(account_id, "drawer", turn=turn)


def gate(account_id: int, connection_id: int) -> str:
    """Return the state of a connection's limiter and breaker."""
    return _key(account_id, "gate", connection=connection_id)


def calls(account_id: int, connection_id: int) -> str:
    """Return the counts of a connection's calls by minute and status."""
    return _key(account_id, "calls", connection=connection_id)


def marked(account_id: int, connection_id: int) -> str:
    """Return the mark of an enqueued reading of a connection's marked conversations that has not begun."""
    return _key(account_id, "marked", connection=connection_id)


def poll(account_id: int, connection_id: int) -> str:
    """Return the mark of an enqueued poll of a connection that has not begun."""
    return _key(account_id, "poll", connection=connection_id)


def _key(account_id: int, kind: str, **ids: int | None) -> str:
    """Join safe parts only: fixed words and ids."""
    rest = (f"{word}:{_id(value)}" for word, value in ids.items())
    return ":".join([f"{{acct:{_id(account_id)}}}", kind, *rest])


def _id(value: object) -> str:
    """Return an id as text; raise ValueError for text that could form another account's key."""
    text = str(value)
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"not an id for a Redis key: {value!r}")
    return text
