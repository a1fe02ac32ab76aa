"""Checks of a connection to Chatwoot: each has a finding, and a remedy for a person there."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from dashboard.helpdesks.chatwoot.api import NO_ACCOUNT, RIGHT_ACCOUNT, ChatwootApi, Row, row, rows, understood
from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import AboutHelpdesk, Check

OLDEST, SIGNS, CHECKS_TARGETS = (4, 8), (4, 11, 2), (4, 14)
ADDRESS = "Enter the address of Chatwoot without /app, and check that it answers from this machine."
UPDATE = "Update Chatwoot to version 4.8 or newer."
JOBS = "Check Chatwoot's Redis, Postgres and Sidekiq: without them no webhook is sent."
DATE = "Let the web server, or the proxy in front of it, send the header Date."
ROLE = "In Settings > Agents, edit the user, and set its role to Administrator."
OTHER_BOT = "In Settings > Bots, add another bot, and enter its access token here."
RULES = "In Settings > Automation, turn off the actions of these rules that assign an agent or remove it."
PRIVATE = (
    "If no webhook arrives and Evenhand's address is private, set SAFE_FETCH_ALLOW_PRIVATE_NETWORK=true in Chatwoot's "
    "environment (4.14.1 or newer), and restart it."
)
ASSIGNING = frozenset({"assign_agent", "remove_assigned_agent"})


def about(api: ChatwootApi) -> AboutHelpdesk:
    """Return version, clock, and the id of the token's user."""
    version, profile = version_of(api), api.read_plain("/api/v1/profile")
    with understood("the token's user"):
        return AboutHelpdesk(version=version, own_id=str(int(row(profile.json)["id"])), at=profile.at)


def version_of(api: ChatwootApi) -> str:
    """Return the version."""
    answer = api.read_plain("/api")
    with understood("its version"):
        return str(row(answer.json)["version"])


def check(api: ChatwootApi) -> Sequence[Check]:
    """Return all checks; where nobody answers, or the token is refused, only the first ones."""
    try:
        answer = api.read_plain("/api")
        with understood("its version"):
            health, version = row(answer.json), str(row(answer.json)["version"])
    except (HelpdeskForbids, HelpdeskUnavailable) as error:
        return [_failed("reachable", error)]
    found = [_reachable(health), _version(version), _clock(answer.at is not None)]
    try:
        account = _account_of(api)
    except (HelpdeskForbids, HelpdeskUnavailable) as error:
        return [*found, _failed("token", error)]
    token = Check(check="token", ok=True, sentence="Chatwoot accepts the token in the header Api-Access-Token.")
    if not account or account.get("role") != "administrator":
        return [*found, token, _role(api, account)]
    looks = [("bot", _bot), ("automation", _automation), ("history", _history)]
    return [*found, token, _role(api, account), _webhooks(version), *(_tried(name, look, api) for name, look in looks)]


def numbers(version: str | None) -> tuple[int, ...]:
    """Return the numbers of a version such as 4.15.1-ce; none for any other text."""
    parts = (version or "").removeprefix("v").partition("-")[0].split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else ()


def _reachable(health: Row) -> Check:
    failing = [name for name in ("queue_services", "data_services") if health.get(name, "ok") != "ok"]
    if failing:
        return Check(
            check="reachable", ok=False, sentence=f"Chatwoot answers, but {' and '.join(failing)} fail.", fix=JOBS
        )
    return Check(check="reachable", ok=True, sentence="Chatwoot answers.")


def _version(version: str) -> Check:
    ok = numbers(version) >= OLDEST
    return Check(check="version", ok=ok, sentence=f"Its version is {version}.", fix=None if ok else UPDATE)


def _clock(is_told: bool) -> Check:
    sentence = "Its answers tell its time." if is_told else "Its answers do not tell its time."
    return Check(check="clock", ok=is_told, sentence=sentence, fix=None if is_told else DATE)


def _account_of(api: ChatwootApi) -> Row | None:
    """Return the token's membership in the account."""
    answer = api.read_plain("/api/v1/profile")
    with understood("the token's user"):
        found = rows(answer.json, "accounts")
    return next((one for one in found if str(one.get("id")) == api.account_id), None)


def _role(api: ChatwootApi, account: Row | None) -> Check:
    if account is None:
        sentence = f"{NO_ACCOUNT.format(api.account_id)} Or the token's user does not belong to it."
        return Check(check="role", ok=False, sentence=sentence, fix=RIGHT_ACCOUNT)
    name, role = account.get("name"), account.get("role")
    ok = role == "administrator"
    sentence = f"In the account {name}, the token's user is {role}."
    return Check(check="role", ok=ok, sentence=sentence, fix=None if ok else ROLE)


def _webhooks(version: str) -> Check:
    signs = "It signs its webhooks." if numbers(version) >= SIGNS else "It signs no webhooks before 4.11.2."
    hint = f" {PRIVATE}" if numbers(version) >= CHECKS_TARGETS else ""
    return Check(check="webhooks", ok=True, sentence=f"{signs}{hint}")


def _tried(name: str, look: Callable[[ChatwootApi], Check], api: ChatwootApi) -> Check:
    try:
        return look(api)
    except (HelpdeskForbids, HelpdeskUnavailable) as error:
        return _failed(name, error)


def _failed(name: str, error: HelpdeskForbids | HelpdeskUnavailable) -> Check:
    fix = error.fix if isinstance(error, HelpdeskForbids) else ADDRESS
    return Check(check=name, ok=False, sentence=error.sentence, fix=fix)


def _bot(api: ChatwootApi) -> Check:
    """Check that the bot may assign, with an assignment of nothing to no conversation, and that its id is nobody's."""
    if not api.bot_token:
        return Check(check="bot", ok=True, sentence="Without a bot's token, assignments are made by the token's user.")
    answer = api.write("POST", "/conversations/0/assignments", {}, by_bot=True)
    if answer.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.OK}:
        return Check(check="bot", ok=False, sentence=f"The bot cannot assign ({answer.status}).", fix=OTHER_BOT)
    with understood("its bots"):
        bots, agents = rows(api.read("/agent_bots")), rows(api.read("/agents"))
        own = next((one["id"] for one in bots if one.get("access_token") == api.bot_token), None)
        same = [str(one["name"]) for one in agents if one["id"] == own]
    if same:
        sentence = f"The bot has the same id as {same[0]}, who would get no notification of an assignment."
        return Check(check="bot", ok=False, sentence=sentence, fix=OTHER_BOT)
    return Check(check="bot", ok=True, sentence="The bot may assign.")


def _automation(api: ChatwootApi) -> Check:
    """Check that no active rule assigns agents as well."""
    with understood("its automation rules"):
        rules = [one for one in rows(api.read("/automation_rules"), "payload") if one.get("active")]
        names = [str(one["name"]) for one in rules if any(each["action_name"] in ASSIGNING for each in one["actions"])]
    if names:
        sentence = f"Automation rules assign agents too: {', '.join(sorted(names))}."
        return Check(check="automation", ok=False, sentence=sentence, fix=RULES)
    return Check(check="automation", ok=True, sentence="No automation rule assigns agents.")


def _history(api: ChatwootApi) -> Check:
    answer = api.ask("/reporting_events", {"since": 0, "until": 1})
    if answer.status == HTTPStatus.NOT_FOUND:
        sentence = "It keeps no reporting events: back-tests do not know when conversations ended."
        return Check(check="history", ok=True, sentence=sentence)
    return Check(check="history", ok=True, sentence="It keeps reporting events for back-tests.")
