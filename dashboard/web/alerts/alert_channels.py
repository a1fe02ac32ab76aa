"""Alert channels: created, tested, deleted."""

from http import HTTPStatus

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.http import finished, unit_of_work
from dashboard.services.alerts import channels
from dashboard.services.alerts.alert_forms import ChannelForm
from dashboard.services.core.refusals import Invalid
from dashboard.web.alerts.alerts import PART, channel_context, page
from dashboard.web.audit.edit_forms import there
from dashboard.web.core import form_input, htmx
from dashboard.web.core.auth import actor_kwargs, supervisors_only, viewer
from dashboard.web.core.bidi import saying
from dashboard.web.core.blueprints import pages_of

pages = pages_of("alert_channels")


@pages.post("/alerts/channels")
@supervisors_only
def create() -> ResponseReturnValue:
    """Create a channel. A refused address has to be typed again, because no page contains it."""
    said = {"name": request.form.get("name", ""), "url": request.form.get("url", "")}
    made = form_input.load(ChannelForm(), said)
    if not isinstance(made, Invalid):
        made = finished(channels.create(unit_of_work(), viewer().account_id, made, **actor_kwargs()))
    if isinstance(made, Invalid):
        return page(name=said["name"], channel_errors=made.errors), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(saying("{} was created. Send a test to see whether it works.", made.name))
    return redirect(url_for("web.alerts.index", _anchor="channels"), HTTPStatus.SEE_OTHER)


@pages.post("/alerts/channels/<int:channel_id>/tests")
@supervisors_only
def send_test(channel_id: int) -> ResponseReturnValue:
    """Send a test to a channel; its result follows in the table."""
    there(finished(channels.send_test(unit_of_work(), viewer().account_id, channel_id, now=clock.now())))
    return htmx.changed(PART, elsewhere=url_for("web.alerts.index", _anchor="channels"), **channel_context())


@pages.post("/alerts/channels/<int:channel_id>/deletion")
@supervisors_only
def destroy(channel_id: int) -> ResponseReturnValue:
    """Delete a channel."""
    gone = there(finished(channels.remove(unit_of_work(), viewer().account_id, channel_id, **actor_kwargs())))
    flash(saying("{} was deleted, and the rules no longer name it.", gone.name))
    return redirect(url_for("web.alerts.index", _anchor="channels"), HTTPStatus.SEE_OTHER)
