"""Who may call what: tokens, roles, bots, the rate limit."""

from typing import TYPE_CHECKING

from tests.helpdesks.chatwoot.model import Bot, User
from tests.helpdesks.standin.messages import Reply, Request, as_json, as_text

if TYPE_CHECKING:
    from tests.helpdesks.chatwoot.chatwoot import ChatwootStandin

# The calls of a bot's token, and the version since which each is allowed.
OF_BOTS = {
    "conversation": "4.15.0",
    "toggle_status": "0",
    "toggle_priority": "0",
    "update_conversation": "0",
    "set_attributes": "4.5.0",
    "create_message": "0",
    "assign": "3.6.0",
    "conversation_labels": "4.15.0",
    "set_labels": "4.15.0",
}
LIMIT = 3000


class Refused(Exception):
    """The reply of a call that is refused."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def refused(status: int, error: str) -> Refused:
    """Return a refusal in the usual form."""
    return Refused(as_json({"error": error}, status))


def token_of(standin: "ChatwootStandin", request: Request) -> str:
    """Return the token; nginx drops names with underscores."""
    spelt = ["api-access-token"] if standin.options.get("nginx") else ["api-access-token", "api_access_token"]
    return next((request.headers[name] for name in spelt if name in request.headers), "")


def caller(standin: "ChatwootStandin", request: Request) -> User | Bot:
    """Return whose token it is."""
    token, world = token_of(standin, request), standin.world
    if not token:
        raise Refused(as_json({"errors": ["You need to sign in or sign up before continuing."]}, 401))
    if token in world.platform_tokens:
        raise refused(401, "Access to this endpoint is not authorized for bots")
    known: list[User | Bot] = [*world.users.values(), *world.bots.values()]
    for one in known:
        if one.token == token:
            return one
    raise refused(401, "Invalid Access Token")


def permit(standin: "ChatwootStandin", who: User | Bot, account_id: int, call: str, *, administrators: bool) -> None:
    """Refuse what this token may not call; a role that is too low is 401, not 403."""
    account = standin.world.accounts.get(account_id)
    if account is None:
        raise refused(404, "Resource could not be found")
    if isinstance(who, Bot) and not (call in OF_BOTS and standin.at_least(OF_BOTS[call])):
        raise refused(401, "Access to this endpoint is not authorized for bots")
    if who.account_id != account_id:
        raise refused(401, "You are not authorized to access this account")
    if account.status == "suspended":
        raise refused(401, "Account is suspended")
    if administrators and isinstance(who, User) and who.role != "administrator":
        raise refused(401, "You are not authorized to do this action")


def count(standin: "ChatwootStandin") -> None:
    """Count this call in its minute of the clock; over the limit there is only a text, and no Retry-After."""
    minute = standin.clock.now().replace(second=0, microsecond=0)
    before = standin.called[1] if standin.called and standin.called[0] == minute else 0
    standin.called = (minute, before + 1)
    if before >= int(standin.options.get("limit", LIMIT)):
        raise Refused(as_text("Retry later\n", 429))
