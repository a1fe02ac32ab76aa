"""The page of one assignment in the ledger: the explanation of the agent's selection."""

from http import HTTPStatus

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.http import unit_of_work
from dashboard.services.explanations import conversation
from dashboard.store.agents import ledger_page
from dashboard.store.conversations import conversation_page as store
from dashboard.web.core.auth import scope
from dashboard.web.core.blueprints import pages_of

pages = pages_of("assignments")


@pages.get("/assignments/<int:assignment_id>")
def show(assignment_id: int) -> ResponseReturnValue:
    """Explain an assignment of a conversation that the viewer may read."""
    line = ledger_page.one(unit_of_work().session, scope().account_id, assignment_id)
    if line is None or store.one(unit_of_work().session, scope(), line.conversation_id) is None:
        abort(HTTPStatus.NOT_FOUND)
    told = conversation.assignment(unit_of_work(), scope().account_id, assignment_id)
    return render_template("assignments/show.html", line=line, told=told, offers=(), errors={}, now=clock.now())
