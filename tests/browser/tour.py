"""Every page there is, as one comes to it: by its address, or by a link of another page."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Page

HREF = re.compile(r'<a [^>]*?href="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A page, named for its picture; `link` is the form of the link to it `at` a path, or at a stop before it."""

    name: str
    at: str
    link: str = ""


OUTSIDE = (
    Stop(name="login", at="/login"),
    Stop(name="api-docs", at="/api/docs"),
)
INSIDE = (
    Stop(name="board", at="/"),
    Stop(name="board-wall", at="/?wall=1"),
    Stop(name="presence", at="/", link=r"/agents/\d+/availability"),
    Stop(name="conversations", at="/conversations"),
    Stop(name="conversations-waiting", at="/conversations?status=waiting"),
    Stop(name="conversations-none", at="/conversations?text=no-such-conversation"),
    Stop(name="conversation-waiting", at="/conversations?status=waiting", link=r"/conversations/\d+"),
    Stop(name="conversation-open", at="/conversations?status=open&lately=60", link=r"/conversations/\d+"),
    Stop(name="conversation-resolved", at="/conversations?status=resolved", link=r"/conversations/\d+"),
    Stop(name="inboxes", at="/inboxes"),
    Stop(name="inbox", at="/inboxes", link=r"/inboxes/\d+"),
    Stop(name="inbox-new", at="/inboxes/new"),
    Stop(name="policies", at="/policies"),
    Stop(name="policy", at="/policies", link=r"/policies/\d+"),
    Stop(name="policy-new", at="/policies/new"),
    Stop(name="capacities", at="/capacity"),
    Stop(name="capacity", at="/capacity", link=r"/capacity/\d+"),
    Stop(name="capacity-new", at="/capacity/new"),
    Stop(name="agents", at="/agents"),
    Stop(name="agent", at="/agents", link=r"/agents/\d+"),
    Stop(name="assignment", at="agent", link=r"/assignments/\d+"),
    Stop(name="teams", at="/teams"),
    Stop(name="team", at="/teams", link=r"/teams/\d+"),
    Stop(name="team-new", at="/teams/new"),
    Stop(name="runs", at="/runs"),
    Stop(name="run", at="/runs?outcome=assigned", link=r"/runs/\d+"),
    Stop(name="reports", at="/reports"),
    Stop(name="reports-month", at="/reports?span=month"),
    Stop(name="alerts", at="/alerts"),
    Stop(name="alert-rule", at="/alerts", link=r"/alerts/rules/\d+"),
    Stop(name="trust", at="/trust"),
    Stop(name="audit", at="/audit"),
    Stop(name="account", at="/settings"),
    Stop(name="labels", at="/settings/labels"),
    Stop(name="label", at="/settings/labels", link=r"/settings/labels/\d+"),
    Stop(name="webhooks", at="/settings/webhooks"),
    Stop(name="webhook", at="/settings/webhooks", link=r"/settings/webhooks/\d+"),
    Stop(name="webhook-new", at="/settings/webhooks/new"),
    Stop(name="connections", at="/settings/connections"),
    Stop(name="connection", at="/settings/connections", link=r"/settings/connections/\d+"),
    Stop(name="connection-kinds", at="/settings/connections/new"),
    Stop(name="connection-new", at="/settings/connections/new?kind=chatwoot"),
    Stop(name="connection-checks", at="connection", link=r"/settings/connections/\d+/checks"),
    Stop(name="connection-inboxes", at="connection", link=r"/settings/connections/\d+/inboxes"),
    Stop(name="connection-agents", at="connection", link=r"/settings/connections/\d+/agents"),
    Stop(name="connection-own", at="connection-agents", link=r"/settings/connections/\d+/own_assignment"),
    Stop(name="connection-sync", at="connection-agents", link=r"/settings/connections/\d+/sync"),
    Stop(name="users", at="/settings/users"),
    Stop(name="user", at="/settings/users", link=r"/settings/users/\d+"),
    Stop(name="user-new", at="/settings/users/new"),
    Stop(name="tokens", at="/settings/tokens"),
    Stop(name="password", at="/settings/password"),
    Stop(name="nowhere", at="/nowhere"),
)


def addresses(page: Page, url: str) -> dict[str, str]:
    """Return where each page inside is; `page` is an administrator's. What nothing leads to is left out."""
    found: dict[str, str] = {}
    for stop in INSIDE:
        start = found.get(stop.at) or f"{url}{stop.at}"
        if address := _follow(page, start, stop.link) if stop.link else start:
            found[stop.name] = address
    return found


def _follow(page: Page, start: str, link: str) -> str:
    """Return the first link of this form on a page; it is read without being drawn, which takes a tenth of the time."""
    main = page.request.get(start).text().partition("<main")[2]
    return next((urljoin(start, one) for one in HREF.findall(main) if re.fullmatch(link, urlsplit(one).path)), "")
