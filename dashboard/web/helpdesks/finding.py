"""The connection of an address, and the values that all its pages need."""

from http import HTTPStatus

from flask import abort

from dashboard.http import unit_of_work
from dashboard.services.helpdesks.connecting import connections
from dashboard.services.helpdesks.connecting.connections import ConnectionRow
from dashboard.store.helpdesks.pages import list_page
from dashboard.store.helpdesks.pages.list_page import ConnectionCounts
from dashboard.web.core.auth import viewer


def found(connection_id: int) -> ConnectionRow:
    """Return the connection of the viewer's account, or end the request with 404."""
    return connections.show(unit_of_work(), viewer().account_id, connection_id) or abort(HTTPStatus.NOT_FOUND)


def counted(connection_id: int) -> ConnectionCounts:
    """Return the counts of a connection."""
    return list_page.counts(unit_of_work().session, [connection_id])[connection_id]
