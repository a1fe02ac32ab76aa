"""The places of a connection's values in each helpdesk's own screens, in the words of those screens."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.helpdesks.values import HelpdeskKind


@dataclass(frozen=True, slots=True, kw_only=True)
class KindText:
    """The text before the connection of a helpdesk of this kind; `hints` are by field of its credentials."""

    sentence: str
    placeholder: str
    url: str
    before: str
    hints: Mapping[str, str] = field(default_factory=dict)


KINDS: Mapping[HelpdeskKind, KindText] = {
    HelpdeskKind.CHATWOOT: KindText(
        sentence="4.8 or newer, Community or Enterprise. Webhooks and presence.",
        placeholder="https://chat.example.com",
        url="The address at which you open Chatwoot, up to the third slash: without /app and the rest.",
        before="You need a Chatwoot user with the role Administrator: only an administrator may create the webhook.",
        hints={
            "account_id": "The number behind /accounts/ in the address of any Chatwoot page.",
            "token": "In Chatwoot: your picture at the bottom left > Profile Settings > Access Token, at the end.",
            "bot_token": "Assignments then read “by” this bot: Settings > Bots > Add Bot, then copy its access token.",
        },
    ),
    HelpdeskKind.LIBREDESK: KindText(
        sentence="1.0 or newer. Webhooks and presence.",
        placeholder="https://desk.example.com",
        url="The address at which you open Libredesk, up to the third slash.",
        before=(
            "Create an agent for Evenhand in Libredesk, in no team, with a role that may read all conversations,"
            " update their assignee, and manage webhooks, teams and users."
        ),
        hints={
            "api_key": "In Libredesk: Admin > Teammates > Agents > this agent > Edit > API key.",
            "api_secret": "Libredesk shows it once, with the key; a new key replaces the old one.",
        },
    ),
    HelpdeskKind.RT: KindText(
        sentence="Request Tracker 5. Read every minute; presence is set in Evenhand.",
        placeholder="https://rt.example.com",
        url="The address of Request Tracker's home page.",
        before=(
            "Create a user for Evenhand under Admin > Users, and give it on your queues: SeeQueue, ShowTicket,"
            " ModifyTicket, ReassignTicket, CommentOnTicket, ShowTicketComments; and SeeGroup on the groups."
        ),
        hints={
            "user": "The user's name in Request Tracker, with its password; or leave both empty and enter a token.",
            "password": "The password with which this user logs in.",
            "token": "Instead of a password: logged in as this user, Settings > Auth Tokens > Create.",
        },
    ),
}
