"""The version of a page that polls: it differs once the page may look different."""

from collections.abc import Mapping
from datetime import datetime
from zlib import crc32

from dashboard.http import unit_of_work
from dashboard.store.core.errors import StoreUnavailable
from dashboard.web.core.auth import viewer
from dashboard.web.core.live.fragment_cache import UNTOLD, Version

# Interval of redraws without a counted change, such as after missing heartbeats or a free slot of a rate limit.
REDRAW_SECONDS = 10
# Interval of redraws while Redis is down, because changes are not counted then.
UNTOLD_SECONDS = 2


def live_version(asked: Mapping[str, object], now: datetime) -> Version:
    """Return the version of the viewer's page with these parameters."""
    view, seconds = crc32(repr(asked).encode()), int(now.timestamp())
    try:
        live = unit_of_work().signals.live.current(viewer().account_id)
    except StoreUnavailable:
        return Version(tick=seconds // UNTOLD_SECONDS, live=UNTOLD, view=view)
    return Version(tick=seconds // REDRAW_SECONDS, live=live, view=view)
