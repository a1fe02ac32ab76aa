"""Alert channels and their tests."""

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.alerts import channels as service
from dashboard.services.alerts.alert_forms import ChannelForm, NewChannel
from dashboard.services.alerts.channels import ChannelView
from dashboard.services.core.form_fields import Instant, Word
from dashboard.store.alerts.notices import NoticeResult
from dashboard.store.core.paging import Listed, Page
from dashboard.store.models.alerts import NoticeKind

bp = ApiBlueprint("alert_channels", "Receivers of alerts: e-mail, chat, and other services that apprise knows.")


class NoticeSchema(Schema):
    """A message to a channel; `ok` is null before its first attempt, whose end is `tried_at`."""

    kind = Word(NoticeKind)
    ok = fields.Boolean(allow_none=True)
    error = fields.String(allow_none=True)
    tried_at = Instant(allow_none=True)


class ChannelSchema(Schema):
    """A channel, without its address; `last` is its newest message."""

    id = fields.Integer()
    name = fields.String()
    service = fields.String()
    created_at = Instant()
    last = fields.Nested(NoticeSchema, allow_none=True)


class ChannelTestSchema(NoticeSchema):
    """A test of a channel; the list of channels has its result in `last`."""

    channel_id = fields.Integer()


@bp.route("/alert_channels")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(ChannelSchema))
def index(page: Page) -> Listed[ChannelView]:
    """List the channels."""
    return service.show_all(unit_of_work(), caller().account_id, page)


@bp.route("/alert_channels", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(ChannelForm)
@bp.response(201, ChannelSchema)
def create(new: NewChannel) -> ChannelView:
    """Create a channel with an address in apprise's form; no answer contains the address."""
    who = caller()
    return or_refuse(service.create(unit_of_work(), who.account_id, new, actor_id=who.user_id, now=clock.now()))


@bp.route("/alert_channels/<id:channel_id>", methods=["DELETE"])
@allowed(SUPERVISORS)
@bp.response(204)
def remove(channel_id: int) -> None:
    """Remove a channel from its rules, with its messages."""
    who = caller()
    or_refuse(service.remove(unit_of_work(), who.account_id, channel_id, actor_id=who.user_id, now=clock.now()))


@bp.route("/alert_channels/<id:channel_id>/tests", methods=["POST"])
@allowed(SUPERVISORS)
@bp.response(202, ChannelTestSchema)
def send_test(channel_id: int) -> NoticeResult:
    """Send a test to a channel, by the way of all its messages."""
    return or_refuse(service.send_test(unit_of_work(), caller().account_id, channel_id, now=clock.now()))
