"""Creates the webhook there and the inbox here, on the first mode other than off (C6, C19)."""

import structlog

from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.http_client.helpdesk_client import Urgency
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.refusals import Invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.access import helpdesk_of
from dashboard.services.helpdesks.connecting import receiver
from dashboard.services.inboxes import inboxes
from dashboard.services.inboxes.inbox_forms import InboxEdit
from dashboard.services.policies import assignment_policies
from dashboard.services.policies.policy_forms import PolicyChoice
from dashboard.store.core.paging import Page
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.directory import InboxLink

log = structlog.get_logger()
LONGEST_NAME = 255


def make_webhook(work: UnitOfWork, connection: ConnectionRow, *, base: str) -> None:
    """Make the webhook before the first reading, if there is none; without it, reconciliation reads everything.

    Finishes units of work.
    """
    if connection.webhook_id is not None:
        return
    try:
        with helpdesk_of(work, connection, Urgency.REREAD) as helpdesk:
            work.finish()
            receiver.ensure(work, connection, helpdesk, base=base)
    except (HelpdeskUnavailable, HelpdeskForbids) as error:
        work.abandon()
        log.warning("webhook_not_made", connection=connection.id, error=error.sentence)


def make_inbox(work: UnitOfWork, connection: ConnectionRow, link: InboxLink, cause: ActorContext) -> int:
    """Make the inbox here, under the account's policy if there is exactly one, and return its id."""
    channel = (link.channel or "")[:LONGEST_NAME] or None
    for name in _names(connection, link):
        edit = InboxEdit(name=name, channel=channel, enable_auto_assignment=True)
        made = inboxes.create(work, connection.account_id, edit, actor_id=cause.actor_id, now=cause.now)
        if not isinstance(made, Invalid):
            _link_only_policy(work, connection.account_id, made.id, cause)
            return made.id
    raise RuntimeError(f"every name for inbox {link.external_id} of connection {connection.id} is taken")


def _names(connection: ConnectionRow, link: InboxLink) -> tuple[str, ...]:
    """Return the name as it is there, or with the connection's behind it, or with both ids."""
    ids = f"{connection.name[:100]} {connection.id}, {link.external_id}"
    name = link.name.strip() or link.external_id
    ends = ("", f" ({connection.name[:200]})", f" ({ids})")
    return tuple(f"{name[: LONGEST_NAME - len(end)]}{end}" for end in ends)


def _link_only_policy(work: UnitOfWork, account_id: int, inbox_id: int, cause: ActorContext) -> None:
    policies = assignment_policies.show_all(work, account_id, Page(per_page=2)).data
    if len(policies) == 1:
        choice = PolicyChoice(assignment_policy_id=policies[0].id)
        assignment_policies.link(work, account_id, inbox_id, choice, actor_id=cause.actor_id, now=cause.now)
