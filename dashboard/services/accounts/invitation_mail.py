"""The mail with an invitation's link."""

from datetime import datetime

from dashboard.mail import Mail
from dashboard.services.accounts import invitations
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import invitations as store

SUBJECT = "Invitation to {account} on Evenhand"
TEXT = """Hello {name},

{account} invites you to Evenhand. Open this link to choose a password, or to accept with the log-in that you have:

{link}

The link works once, until {until:%d %B %Y, %H:%M} UTC.
If you expected no invitation, ignore this mail.
"""


def compose(work: UnitOfWork, account_id: int, agent_id: int, *, now: datetime) -> Mail | None:
    """Return the mail with an agent's invitation; None if it was used or withdrawn, or has expired."""
    found = store.of_agent(work.session, account_id, agent_id, now)
    if found is None:
        return None
    invited, created_at = found
    link = f"{work.settings.public_url}/invitations/{invitations.secret_of(work, account_id, agent_id, created_at)}"
    text = TEXT.format(name=invited.name, account=invited.account_name, link=link, until=invited.expires_at)
    return Mail(to=invited.email, subject=SUBJECT.format(account=invited.account_name), text=text)
