"""Tables, constraints and indexes."""

from dashboard.store.models.accounts import Account, AccountUser, ApiToken, EndedSession, Invitation, User
from dashboard.store.models.alerts import Alert, AlertChannel, AlertNotice, AlertRule
from dashboard.store.models.base import Base
from dashboard.store.models.connections import (
    ConnectedAgent,
    ConnectedConversation,
    ConnectedInbox,
    ConnectedTeam,
    Connection,
    ConnectionEvent,
)
from dashboard.store.models.counters import MetricCounter, OpenCount
from dashboard.store.models.helpdesk import (
    Contact,
    Conversation,
    DueRenewal,
    Inbox,
    InboxMember,
    Label,
    Team,
    TeamMember,
)
from dashboard.store.models.helpdesk_writes import ConnectionConflict, HelpdeskWrite, ShadowDecision
from dashboard.store.models.history import Assignment, AuditEntry, IdempotentAnswer, OutboxEvent, Run, RunBatch
from dashboard.store.models.policies import (
    AssignmentPolicy,
    AssignmentPolicyVersion,
    CapacityPolicy,
    InboxCapacityLimit,
    PolicyLink,
)
from dashboard.store.models.rollups import AgentDay, InboxDay, InboxHour, SummedUntil
from dashboard.store.models.trust import ConversationRecord, PresenceSpan, SimulatorCheck
from dashboard.store.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "Account",
    "AccountUser",
    "AgentDay",
    "Alert",
    "AlertChannel",
    "AlertNotice",
    "AlertRule",
    "ApiToken",
    "Assignment",
    "AssignmentPolicy",
    "AssignmentPolicyVersion",
    "AuditEntry",
    "Base",
    "CapacityPolicy",
    "ConnectedAgent",
    "ConnectedConversation",
    "ConnectedInbox",
    "ConnectedTeam",
    "Connection",
    "ConnectionConflict",
    "ConnectionEvent",
    "Contact",
    "Conversation",
    "ConversationRecord",
    "DueRenewal",
    "EndedSession",
    "HelpdeskWrite",
    "IdempotentAnswer",
    "Inbox",
    "InboxCapacityLimit",
    "InboxDay",
    "InboxHour",
    "InboxMember",
    "Invitation",
    "Label",
    "MetricCounter",
    "OpenCount",
    "OutboxEvent",
    "PolicyLink",
    "PresenceSpan",
    "Run",
    "RunBatch",
    "ShadowDecision",
    "SimulatorCheck",
    "SummedUntil",
    "Team",
    "TeamMember",
    "User",
    "Webhook",
    "WebhookDelivery",
]
