"""What the pages and the API share of HTTP: the desk of this request."""

from typing import cast

from flask import current_app, g

from dashboard.services.desk import Desk


def desk() -> Desk:
    """Return this request's desk: its session is closed with the request, uncommitted work is rolled back."""
    if "desk" not in g:
        g.desk = current_app.extensions["evenhand"]()
    return cast(Desk, g.desk)
