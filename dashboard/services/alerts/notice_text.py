"""The text of a notice."""

from datetime import datetime, timedelta

from dashboard.http_client.apprise_channel import ChannelMessage
from dashboard.store.alerts.notices import DueNotice
from dashboard.store.models.alerts import NoticeKind


def message(notice: DueNotice, *, public_url: str) -> ChannelMessage:
    """Return the message of a notice, with a link to the alerts if Evenhand knows its own address."""
    link = [f"{public_url}/alerts"] if public_url else []
    if notice.kind is NoticeKind.TEST:
        lines = [f"This is a test of the channel {notice.channel}. Nothing is wrong.", *link]
        return ChannelMessage(title=f"{notice.account}: test", body="\n".join(lines), level="info")
    sentence, opened_at = notice.sentence or "", notice.opened_at
    if notice.kind is NoticeKind.OPENED or opened_at is None or notice.closed_at is None:
        lines = [sentence, *([f"Since {_clock(opened_at)}."] if opened_at else []), *link]
        return ChannelMessage(title=f"{notice.account}: alert", body="\n".join(lines), level="warning")
    lasted = _lasted(notice.closed_at - opened_at)
    lines = [f"Over after {lasted}: {sentence}", f"From {_clock(opened_at)} to {_clock(notice.closed_at)}.", *link]
    return ChannelMessage(title=f"{notice.account}: alert over", body="\n".join(lines), level="success")


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _lasted(lasted: timedelta) -> str:
    hours, minutes = divmod(max(int(lasted.total_seconds() // 60), 1), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
