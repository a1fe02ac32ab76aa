"""One conversation: its facts and its ledger."""

from http import HTTPStatus

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.http import desk
from dashboard.store.pages import conversations as store
from dashboard.web.blueprints import pages_of
from dashboard.web.visitors import scope

pages = pages_of("conversations")


@pages.get("/conversations/<int:conversation_id>")
def show(conversation_id: int) -> ResponseReturnValue:
    """Show a conversation; an agent sees those of the inboxes that they answer."""
    found = store.one(desk().session, scope(), conversation_id)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    ledger = store.ledger(desk().session, scope().account_id, conversation_id)
    return render_template("conversations/show.html", conversation=found, ledger=ledger, now=clock.now())
