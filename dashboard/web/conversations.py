"""One conversation: its facts, why it waits or went to whom it went to, and its ledger."""

from datetime import datetime
from http import HTTPStatus

import structlog
from flask import abort, render_template
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.http import desk
from dashboard.services import explaining
from dashboard.services.explaining import Explanation
from dashboard.store.errors import StoreUnavailable
from dashboard.store.pages import conversations as store
from dashboard.web.blueprints import pages_of
from dashboard.web.visitors import scope

log = structlog.get_logger()
pages = pages_of("conversations")


@pages.get("/conversations/<int:conversation_id>")
def show(conversation_id: int) -> ResponseReturnValue:
    """Show a conversation; an agent sees those of the inboxes that they answer."""
    found = store.one(desk().session, scope(), conversation_id)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    ledger = store.ledger(desk().session, scope().account_id, conversation_id)
    now = clock.now()
    told = _told(conversation_id, now)
    return render_template("conversations/show.html", conversation=found, told=told, ledger=ledger, now=now)


def _told(conversation_id: int, now: datetime) -> Explanation | None:
    """Return the explanation, None while presence cannot be read: the page's other parts need only Postgres (E42)."""
    try:
        return explaining.conversation(desk(), scope().account_id, conversation_id, now=now)
    except StoreUnavailable as error:
        log.warning("not_explained", account=scope().account_id, conversation=conversation_id, error=str(error))
        return None
