"""The checks of a connection to Libredesk: each permission is tried, on a conversation that does not exist."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from dashboard.helpdesks.libredesk.api import (
    ASSIGN,
    AUTOMATIONS,
    MESSAGES,
    NOTES,
    READ,
    READ_ALL,
    TEAMS,
    USERS,
    WEBHOOK_NAME,
    WEBHOOKS,
    LibredeskApi,
    MayNot,
    NotThere,
    RefusedCall,
    Right,
    data_of,
    understood,
)
from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import Check

NOBODYS = "/conversations/00000000-0000-4000-8000-000000000000"
# What the connection cannot do without; the others are each a feature less.
NEEDED = {READ, READ_ALL, ASSIGN, WEBHOOKS}
TRIED: Mapping[Right, tuple[str, str]] = {
    READ: ("GET", NOBODYS),
    READ_ALL: ("GET", "/conversations/all?page_size=1"),
    ASSIGN: ("PUT", f"{NOBODYS}/assignee/user/remove"),
    WEBHOOKS: ("GET", "/webhooks"),
    USERS: ("GET", "/agents"),
    TEAMS: ("GET", "/teams"),
    AUTOMATIONS: ("GET", "/automations/rules?type=new_conversation"),
    NOTES: ("POST", f"{NOBODYS}/messages"),
    MESSAGES: ("GET", f"{NOBODYS}/messages?page_size=1"),
}
WITHOUT = {
    USERS: "Without it, enter here who is in which team.",
    TEAMS: "Without it, look there yourself that each team has the assignment type Manual.",
    AUTOMATIONS: "Without it, look there yourself that no automation rule assigns to an agent.",
    NOTES: "Without it, no private note explains an assignment.",
    MESSAGES: "Without it, back-tests do not know when a conversation was assigned.",
}
OLDEST = (1, 0)
RULES = ("new_conversation", "conversation_update", "time_trigger")
OWN_TEAM = "In Libredesk, open Admin > Teammates > Agents, choose the agent of this connection, and empty its teams."
MANUAL = "In Libredesk, open Admin > Teammates > Teams and choose the assignment type Manual, or switch it off here."
RESTART = "Restart Libredesk after that: until then it goes on assigning for a team that was switched to Manual."
RULE = "In Libredesk, open Admin > Productivity > Automations and take the action “Assign agent” out of these rules."
SWITCHED_OFF = "In Libredesk, open Admin > Integrations > Webhooks and switch the webhook Evenhand on."


def version_of(api: LibredeskApi) -> str | None:
    """Return the version as numbers; None if this key may not read it."""
    try:
        settings = api.get("/settings/general")
    except (MayNot, NotThere, RefusedCall):
        return None
    with understood("its version"):
        version = settings.get("app.version")
        return str(version).removeprefix("v") if version else None


def checks(api: LibredeskApi) -> Sequence[Check]:
    """Return all checks; the first two end them when they fail, because nothing else can be asked then."""
    done = [_reachable(api)]
    if done[-1].ok:
        done.append(_key(api))
    return done if not done[-1].ok else [*done, *_all_others(api)]


def _all_others(api: LibredeskApi) -> Iterator[Check]:
    yield _checked("version", _version, api)
    held = set[Right]()
    for right in TRIED:
        check = _checked(right.name, lambda api, right=right: _permission(api, right), api)  # type: ignore[misc]
        held |= {right} if check.ok else set()
        yield check
    yield _checked("own_team", _own_team, api)
    needs = (
        (TEAMS, "own_assignment", _own_assignment),
        (AUTOMATIONS, "rules", _rules),
        (WEBHOOKS, "webhook", _webhook),
    )
    for right, name, check_of in needs:
        if right in held:
            yield _checked(name, check_of, api)


def _checked(name: str, check_of: Callable[[LibredeskApi], Check], api: LibredeskApi) -> Check:
    """Return the check; a helpdesk that fails meanwhile fails it."""
    try:
        return check_of(api)
    except HelpdeskForbids as forbids:
        return Check(check=name, ok=False, sentence=forbids.sentence, fix=forbids.fix)
    except HelpdeskUnavailable as unavailable:
        return Check(check=name, ok=False, sentence=unavailable.sentence, fix="Check again.")


def _reachable(api: LibredeskApi) -> Check:
    fix = "Check the address: it is the one that you open Libredesk at, without a path of one of its pages."
    try:
        data_of(api.http.get("/health"))
    except (HelpdeskForbids, HelpdeskUnavailable) as error:
        return Check(check="reachable", ok=False, sentence=error.sentence, fix=fix)
    return Check(check="reachable", ok=True, sentence="Libredesk answers.")


def _key(api: LibredeskApi) -> Check:
    def known(api: LibredeskApi) -> Check:
        with understood("its agent"):
            agent = api.get("/agents/me")
            name = " ".join(filter(None, (agent["first_name"], agent["last_name"])))
        return Check(check="key", ok=True, sentence=f"The API key is that of the agent {name}.")

    return _checked("key", known, api)


def _version(api: LibredeskApi) -> Check:
    version = version_of(api)
    if version is None:
        return Check(check="version", ok=True, sentence="Libredesk does not tell its version.")
    numbers = tuple(int(part) for part in version.partition("-")[0].split(".")[:2] if part.isdigit())
    if numbers < OLDEST:
        fix = "Update Libredesk to version 1.0 or newer."
        return Check(check="version", ok=False, sentence=f"Libredesk {version} is too old.", fix=fix)
    return Check(check="version", ok=True, sentence=f"Libredesk {version}.")


def _permission(api: LibredeskApi, right: Right) -> Check:
    method, path = TRIED[right]
    try:
        if method == "GET":
            api.get(path, needs=right)
        else:
            api.send(method, path, {} if method == "POST" else None, needs=right)
    except (NotThere, RefusedCall):
        pass  # so the permission was there
    except MayNot as forbids:
        fix = forbids.fix if right in NEEDED else f"{forbids.fix} {WITHOUT[right]}"
        return Check(check=right.name, ok=False, sentence=forbids.sentence, fix=fix)
    return Check(check=right.name, ok=True, sentence=f"The API key's agent may {right.purpose}.")


def _own_team(api: LibredeskApi) -> Check:
    with understood("its agent"):
        teams = [team["name"] for team in api.get("/agents/me")["teams"] or ()]
    if teams:
        sentence = f"The API key's agent is in {', '.join(teams)}: Libredesk could assign conversations to it."
        return Check(check="own_team", ok=False, sentence=sentence, fix=OWN_TEAM)
    return Check(check="own_team", ok=True, sentence="The API key's agent is in no team.")


def _own_assignment(api: LibredeskApi) -> Check:
    with understood("its teams"):
        teams = api.rows("/teams", needs=TEAMS)
        names = [team["name"] for team in teams if team["conversation_assignment_type"] != "Manual"]
    if names:
        sentence = f"Libredesk itself assigns in {', '.join(names)}."
        return Check(check="own_assignment", ok=False, sentence=sentence, fix=f"{MANUAL} {RESTART}")
    sentence = "All teams have the assignment type Manual. Libredesk must have been restarted since the last switch."
    return Check(check="own_assignment", ok=True, sentence=sentence)


def _rules(api: LibredeskApi) -> Check:
    with understood("its automation rules"):
        rules = [one for kind in RULES for one in api.rows("/automations/rules", {"type": kind}, needs=AUTOMATIONS)]
        names = [one["name"] for one in rules if one["enabled"] and "assign_user" in _actions(one)]
    if names:
        sentence = f"Automation rules assign to agents: {', '.join(names)}."
        return Check(check="rules", ok=False, sentence=sentence, fix=RULE)
    return Check(check="rules", ok=True, sentence="No automation rule assigns to an agent.")


def _actions(rule: Mapping[str, object]) -> set[str]:
    """Return the types of a rule's actions, which stand deep in its parts."""
    found, parts = set[str](), [rule.get("rules")]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts.extend(part)
        elif isinstance(part, Mapping):
            found |= {str(one.get("type")) for one in part.get("actions") or () if isinstance(one, Mapping)}
            parts.extend(part.values())
    return found


def _webhook(api: LibredeskApi) -> Check:
    with understood("its webhooks"):
        ours = [one for one in api.rows("/webhooks", needs=WEBHOOKS) if one["name"] == WEBHOOK_NAME]
    if ours and not any(one["is_active"] for one in ours):
        return Check(check="webhook", ok=False, sentence="The webhook Evenhand is switched off.", fix=SWITCHED_OFF)
    sentence = "The webhook Evenhand is switched on." if ours else "The webhook is created with the connection."
    return Check(check="webhook", ok=True, sentence=sentence)
