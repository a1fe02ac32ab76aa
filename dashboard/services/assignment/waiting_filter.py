"""The filter and the order for a plan's waiting conversations."""

from dashboard.engine.model import Snapshot
from dashboard.store.assignment import waiting


def filter_of(snapshot: Snapshot) -> waiting.Filter:
    """Return the filter and the order for a run's waiting conversations."""
    policy = snapshot.policy
    if policy is None:
        raise ValueError("nothing is given out without a policy")
    return waiting.Filter(
        account_id=snapshot.inbox.account_id,
        inbox_id=snapshot.inbox.id,
        priority=policy.conversation_priority,
        exclusions=snapshot.exclusions,
        one_agent_per_contact=policy.one_agent_per_contact,
        is_connected=snapshot.inbox.is_connected,
    )
