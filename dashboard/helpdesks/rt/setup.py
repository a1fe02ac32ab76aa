"""The set-up of Request Tracker: our user there, its queues, and its groups with their members."""

import json
from collections.abc import Iterator, Mapping, Sequence

from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.rt.rest import Rest, Row, fix_of, row_of, understood
from dashboard.helpdesks.values import AboutHelpdesk, HelpdeskAgent, HelpdeskInbox, HelpdeskTeam, Setup

# Names stand in the address, which has an end.
NAMES_AT_ONCE = 25
USER = {"fields": "id,Name,RealName,EmailAddress"}
NO_REST = "There is no REST 2 at this address. Request Tracker has it since version 5."
NO_GROUPS = "Request Tracker shows no user-defined group to this connection's user."
MAKE_GROUP = "If there is no group: in Admin > Groups > Create, create one, and add the agents on its page Members."
NO_GROUP = "The group whose members may be given tickets of the queue {} does not exist in Request Tracker."


def about(rest: Rest) -> AboutHelpdesk:
    """Return version, own id and clock."""
    answer = rest.get("/rt")
    if answer.status != 200:
        raise HelpdeskUnavailable(NO_REST)
    with understood("its version"):
        return AboutHelpdesk(version=row_of(answer)["Version"], own_id=own_id(rest), at=answer.at)


def own_id(rest: Rest) -> str:
    """Return our user's id: a token names it, a user's name must be looked up."""
    if token := rest.credentials.get("token"):
        with understood("the token's user"):
            return token.split("-")[1]
    return id_of(rest, rest.credentials["user"])


def id_of(rest: Rest, name: str) -> str:
    """Return the id of a user."""
    users = list(_users(rest, [name]).values())
    with understood(f"the user {name}"):
        return str(users[0]["id"])


def sees_tickets(rest: Rest) -> bool:
    """Return whether our user can see any ticket."""
    return bool(rest.listing("/tickets", {"query": "id > 0", "per_page": 1}).rows)


def queues(rest: Rest) -> Sequence[Row]:
    """Return the queues in use that our user can see; not one means that a right is missing."""
    found = list(rest.everything("/queues/all", {"fields": "Name,Lifecycle"}))
    if not found:
        raise HelpdeskForbids("Request Tracker shows no queue to this connection's user.", fix=fix_of("SeeQueue"))
    return found


def read(rest: Rest, groups: Mapping[str, str]) -> Setup:
    """Return the set-up; an inbox is for the members of its group in `groups`, else for those of all groups."""
    with understood("queues, groups and their members"):
        found, names = queues(rest), names_by_group(rest)
        users = _users(rest, sorted({name for _, members in names.values() for name in members}))
        own = own_id(rest)
        agents = {name: _agent(user) for name, user in users.items() if str(user["id"]) != own}
        members = {
            group_id: frozenset(agents[name].id for name in group_names & agents.keys())
            for group_id, (_, group_names) in names.items()
        }
        teams = [HelpdeskTeam(id=key, name=name, member_ids=members[key]) for key, (name, _) in names.items()]
        inboxes = [_inbox(queue, groups.get(str(queue["id"])), members) for queue in found]
    return Setup(inboxes=inboxes, agents=list(agents.values()), teams=teams)


def _inbox(queue: Row, group_id: str | None, members: Mapping[str, frozenset[str]]) -> HelpdeskInbox:
    if group_id is not None and group_id not in members:
        raise HelpdeskForbids(NO_GROUP.format(queue["Name"]), fix="Choose another group for this queue here.")
    chosen = members.values() if group_id is None else [members[group_id]]
    return HelpdeskInbox(id=str(queue["id"]), name=queue["Name"], member_ids=frozenset[str]().union(*chosen))


def _agent(user: Row) -> HelpdeskAgent:
    return HelpdeskAgent(id=str(user["id"]), name=user["RealName"] or user["Name"], email=user["EmailAddress"] or None)


def names_by_group(rest: Rest) -> Mapping[str, tuple[str, frozenset[str]]]:
    """Return each group's name and the names of its users, those of groups in it too."""
    groups = {str(row["id"]): row["Name"] for row in rest.everything("/groups", {"fields": "Name"})}
    if not groups:
        raise HelpdeskForbids(NO_GROUPS, fix=f"{fix_of('SeeGroup')} {MAKE_GROUP}")
    members = {key: rest.row(f"/group/{key}", right="SeeGroup")["Members"] for key in groups}
    return {key: (name, frozenset(_deep(key, members))) for key, name in groups.items()}


def _deep(group_id: str, members: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    for member in members.get(group_id, ()):
        if member["type"] == "user":
            yield member["id"]
        else:
            yield from _deep(str(member["id"]), members)


def _users(rest: Rest, names: Sequence[str]) -> Mapping[str, Row]:
    """Return users by name. Disabled ones are in no list; and all users are never read: every customer is one."""
    found: dict[str, Row] = {}
    for start in range(0, len(names), NAMES_AT_ONCE):
        # A log-in may differ from the name in capitals.
        asked = {name.casefold(): name for name in names[start : start + NAMES_AT_ONCE]}
        query = [{"field": "Name", "value": name, "entry_aggregator": "OR"} for name in asked.values()]
        for user in rest.everything("/users", {"query": json.dumps(query), "orderby": "Name", **USER}):
            if user["Name"].casefold() in asked:
                found[user["Name"]] = user
    return found
