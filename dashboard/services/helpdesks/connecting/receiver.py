"""The webhook that a helpdesk sends to us: made and replaced there, with no transaction open meanwhile (C6)."""

from datetime import datetime

import structlog

from dashboard.helpdesks.port import Helpdesk, HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import WebhookMade
from dashboard.http_client.helpdesk_client import Urgency
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.refusals import Conflict
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks import credentials
from dashboard.services.helpdesks.access import ADAPTERS, helpdesk_of
from dashboard.services.helpdesks.connecting import secret_fields
from dashboard.services.helpdesks.credentials import Secrets
from dashboard.store.helpdesks import connections as store
from dashboard.store.helpdesks.connections import ConnectionRow

log = structlog.get_logger()


def ensure(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, *, base: str) -> None:
    """Make the webhook if the helpdesk sends any and has none of ours. Finishes units of work.

    Raises HelpdeskUnavailable and HelpdeskForbids.
    """
    if connection.webhook_id is not None or not helpdesk.features.webhooks:
        return
    secrets = _secrets(work, connection)
    work.finish()
    made = _make(helpdesk, connection, secrets.hook_secret, base)
    # Of two that were made at once, the first one stays.
    if not _keep(work, connection, made, secrets.hook_secret, instead_of=None) and made.id != _id_now(work, connection):
        helpdesk.remove_webhook(made.id)


def rotate(
    work: UnitOfWork, account_id: int, connection_id: int, *, base: str, actor_id: int | None, now: datetime
) -> ConnectionRow | Conflict | None:
    """Replace the secrets of the webhook: a new one is made there, then the old one is removed. Finishes units of work.

    Without an answer of the helpdesk, the old one stays.
    """
    connection = store.shelf.find(work.session, account_id, connection_id)
    if connection is None:
        return None
    try:
        _replace(work, connection, base)
    except (HelpdeskUnavailable, HelpdeskForbids) as error:
        work.abandon()
        return Conflict(sentence=error.sentence)
    facts = {"name": connection.name}
    said = AuditedChange(
        subject="connection", subject_id=connection_id, before=facts, after=facts | {"webhook_secret": "set"}
    )
    audit_log.write(work, account_id, said, ActorContext(actor_id=actor_id, now=now))
    work.notes.changed(account_id)
    return store.shelf.find(work.session, account_id, connection_id)


def _replace(work: UnitOfWork, connection: ConnectionRow, base: str) -> None:
    if not ADAPTERS[connection.kind].features.webhooks:
        return
    new_secret = secret_fields.new_secret()
    with helpdesk_of(work, connection, Urgency.REREAD) as helpdesk:
        work.finish()
        made = _make(helpdesk, connection, new_secret, base)
        if not _keep(work, connection, made, new_secret, instead_of=connection.webhook_id):
            helpdesk.remove_webhook(made.id)
        elif connection.webhook_id is not None:
            _remove(helpdesk, connection)


def _make(helpdesk: Helpdesk, connection: ConnectionRow, hook_secret: str, base: str) -> WebhookMade:
    url = secret_fields.hook_url(base, connection.id, hook_secret)
    return helpdesk.make_webhook(url, secret_fields.new_secret())


def _keep(
    work: UnitOfWork, connection: ConnectionRow, made: WebhookMade, hook_secret: str, *, instead_of: str | None
) -> bool:
    """Write down the new webhook, unless somebody else has made one meanwhile."""
    now = store.shelf.lock(work.session, connection.account_id, connection.id)
    if now is None or now.webhook_id != instead_of:
        work.abandon()
        return False
    secrets = Secrets(
        credentials=_secrets(work, connection).credentials, hook_secret=hook_secret, signing_secret=made.secret
    )
    sealed = credentials.seal(secrets, work.settings.secret_key)
    # A webhook of ours must be seen again.
    store.note(work.session, connection.id, sealed=sealed, webhook_id=made.id, last_webhook_at=None)
    work.finish()
    return True


def _remove(helpdesk: Helpdesk, connection: ConnectionRow) -> None:
    """Remove the former webhook; one that stays is answered with 404."""
    try:
        helpdesk.remove_webhook(connection.webhook_id or "")
    except (HelpdeskUnavailable, HelpdeskForbids) as error:
        log.warning("webhook_not_removed", connection=connection.id, error=error.sentence)


def _secrets(work: UnitOfWork, connection: ConnectionRow) -> Secrets:
    return credentials.unseal(store.sealed_of(work.session, connection.id), work.settings.secret_key)


def _id_now(work: UnitOfWork, connection: ConnectionRow) -> str | None:
    found = store.shelf.find(work.session, connection.account_id, connection.id)
    return found.webhook_id if found else None
