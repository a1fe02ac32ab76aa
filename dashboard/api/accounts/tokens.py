"""API tokens."""

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import ADMINISTRATORS, allowed, caller
from dashboard.api.core.errors import refuse
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.accounts import tokens as service
from dashboard.services.accounts.account_forms import NewToken, TokenForm
from dashboard.services.accounts.tokens import IssuedToken, TokenRow
from dashboard.services.core.form_fields import Instant
from dashboard.store.core.paging import Listed, Page

bp = ApiBlueprint("tokens", "Tokens that open this API with the role of their user.")


class TokenSchema(Schema):
    """A token, without its text."""

    id = fields.Integer()
    name = fields.String()
    user_id = fields.Integer()
    created_at = Instant()
    last_used_at = Instant(allow_none=True)
    expires_at = Instant(allow_none=True)


class FreshTokenSchema(TokenSchema):
    """A new token with its text; no later answer contains the text."""

    id = fields.Integer(attribute="row.id")
    name = fields.String(attribute="row.name")
    user_id = fields.Integer(attribute="row.user_id")
    created_at = Instant(attribute="row.created_at")
    last_used_at = Instant(attribute="row.last_used_at", allow_none=True)
    expires_at = Instant(attribute="row.expires_at", allow_none=True)
    token = fields.String(attribute="text")


@bp.route("/tokens")
@allowed(ADMINISTRATORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(TokenSchema))
def index(page: Page) -> Listed[TokenRow]:
    """List the tokens that are not revoked."""
    return service.show_all(unit_of_work(), caller().account_id, page)


@bp.route("/tokens", methods=["POST"])
@allowed(ADMINISTRATORS)
@bp.arguments(TokenForm, required=False)
@bp.response(201, FreshTokenSchema)
def create(new: NewToken) -> IssuedToken:
    """Create a token; only this answer contains its text."""
    who = caller()
    return or_refuse(service.create(unit_of_work(), who.account_id, new, actor_id=who.user_id, now=clock.now()))


@bp.route("/tokens/<id:token_id>", methods=["DELETE"])
@allowed(ADMINISTRATORS)
@bp.response(204)
def revoke(token_id: int) -> None:
    """Revoke a token."""
    who = caller()
    if not service.revoke(unit_of_work(), who.account_id, token_id, actor_id=who.user_id, now=clock.now()):
        refuse(404)
