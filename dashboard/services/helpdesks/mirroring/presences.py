"""Presence of connected agents: the helpdesk's word, and how long it counts (C10)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from dashboard.engine.model import Presence
from dashboard.helpdesks.values import Features
from dashboard.services.agents import presence
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.mirroring.translation import MirrorView
from dashboard.store.helpdesks import connections, directory
from dashboard.store.helpdesks.directory import AgentLink

# Who was read as present stays so for this many pauses between readings; after that, nobody knows.
LASTS_FOR_POLLS = 3


def apply(
    work: UnitOfWork, view: MirrorView, found: Mapping[str, Presence], features: Features, *, now: datetime
) -> None:
    """Take over a reading of presence: availability, and a heartbeat of everybody except the offline."""
    links = [_after(link, found[link.external_id], features) for link in _agents(view) if link.external_id in found]
    directory.save_presences(work.session, links)
    connections.note(work.session, view.connection.id, presence_read_at=now)
    here = [link.agent_id for link in links if link.agent_id is not None and link.presence is not Presence.OFFLINE]
    for link in sorted(links, key=lambda link: link.agent_id or 0):
        _set(work, view, link, now)
    if here and features.presence_every:
        presence.heartbeat(work, view.connection.account_id, here, now=_heard_at(work, features.presence_every, now))


def _agents(view: MirrorView) -> Iterable[AgentLink]:
    links = view.directory.agents.values()
    return (link for link in links if link.agent_id is not None and link.active and not link.ignored)


def _after(link: AgentLink, word: Presence, features: Features) -> AgentLink:
    """Return the link after a reading; `offline` counts only after enough readings in a row."""
    if word is not Presence.OFFLINE:
        return replace(link, presence=word, offline_reads=0)
    reads = min(link.offline_reads + 1, features.offline_readings)
    is_offline = reads >= features.offline_readings or link.presence is None
    return replace(link, presence=Presence.OFFLINE if is_offline else link.presence, offline_reads=reads)


def _set(work: UnitOfWork, view: MirrorView, link: AgentLink, now: datetime) -> None:
    if link.agent_id is None or link.presence is None:
        return
    presence.set_availability(
        work,
        view.connection.account_id,
        link.agent_id,
        availability=link.presence,
        auto_offline=True,
        by_hand=True,
        now=now,
        is_there=False,
    )


def _heard_at(work: UnitOfWork, every: timedelta, now: datetime) -> datetime:
    """Return the instant of a heartbeat that expires after three polls, with any PRESENCE_DURATION."""
    return now + LASTS_FOR_POLLS * every - timedelta(seconds=work.settings.presence_seconds)
