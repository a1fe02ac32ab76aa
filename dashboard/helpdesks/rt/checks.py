"""Checks of a connection to Request Tracker: each has a finding, and a remedy for a person there."""

from collections.abc import Callable, Sequence

from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.rt import setup
from dashboard.helpdesks.rt.rest import Params, Rest, Row, fix_of, understood
from dashboard.helpdesks.values import AboutHelpdesk, Check

ADDRESS = "Enter the address of Request Tracker's home page, and check that it answers from this machine."
UPDATE = "Update Request Tracker to version 5."
ADD_MEMBERS = "In Admin > Groups, open a group, and add the agents on its page Members."
OWN_TICKET = (
    "Whether it may reassign tickets (ReassignTicket), and whether the agents may own them (OwnTicket), shows with the "
    "first assignment."
)
NOTHING_OPEN = "No ticket is open, so that this right cannot be seen yet."
# The newest open tickets show what may be done with tickets of their queues.
OPEN: Params = {
    "query": "Status = 'new' OR Status = 'open'",
    "orderby": "id",
    "order": "DESC",
    "per_page": 20,
    "fields": "Queue,_hyperlinks",
    "fields[Queue]": "Name",
}


def check(rest: Rest) -> Sequence[Check]:
    """Return all checks; where nobody answers, or the log-in is wrong, only the first."""
    try:
        about = setup.about(rest)
    except (HelpdeskForbids, HelpdeskUnavailable) as error:
        return [_failed("reachable", error)]
    return [
        Check(check="reachable", ok=True, sentence="Request Tracker answers, and accepts the log-in."),
        _version(about),
        _clock(about),
        *(_tried(name, look, rest) for name, look in LOOKS),
    ]


def _version(about: AboutHelpdesk) -> Check:
    version = about.version or "unknown"
    ok = version.split(".")[0].isdigit() and int(version.split(".")[0]) >= 5
    return Check(check="version", ok=ok, sentence=f"Its version is {version}.", fix=None if ok else UPDATE)


def _clock(about: AboutHelpdesk) -> Check:
    if about.at is None:
        fix = "Let the web server, or the proxy in front of it, send the header Date."
        return Check(check="clock", ok=False, sentence="Its answers do not tell its time.", fix=fix)
    return Check(check="clock", ok=True, sentence=f"Its clock shows {about.at:%Y-%m-%d %H:%M:%S} UTC.")


def _tried(name: str, look: Callable[[Rest], Check], rest: Rest) -> Check:
    try:
        return look(rest)
    except (HelpdeskForbids, HelpdeskUnavailable) as error:
        return _failed(name, error)


def _failed(name: str, error: HelpdeskForbids | HelpdeskUnavailable) -> Check:
    fix = error.fix if isinstance(error, HelpdeskForbids) else ADDRESS
    return Check(check=name, ok=False, sentence=error.sentence, fix=fix)


def _queues(rest: Rest) -> Check:
    queues = setup.queues(rest)
    with understood("queues"):
        own = [queue["Name"] for queue in queues if queue["Lifecycle"] != "default"]
    also = f" Of queues with a lifecycle of their own, only new and open tickets wait: {_listed(own)}." if own else ""
    return Check(check="queues", ok=True, sentence=f"It sees {len(queues)} queues.{also}")


def _agents(rest: Rest) -> Check:
    with understood("groups"):
        members = {name for _, names in setup.names_by_group(rest).values() for name in names}
    if not members:
        return Check(check="agents", ok=False, sentence="No user-defined group has members.", fix=ADD_MEMBERS)
    return Check(check="agents", ok=True, sentence=f"Its user-defined groups have {len(members)} members.")


def _tickets(rest: Rest) -> Check:
    if not setup.sees_tickets(rest):
        return Check(check="tickets", ok=False, sentence="It sees no ticket.", fix=fix_of("ShowTicket"))
    return Check(check="tickets", ok=True, sentence="It sees tickets.")


def _assignments(rest: Rest) -> Check:
    without = _queues_without(rest, lambda link: link["ref"] == "lifecycle")
    if without is None:
        return Check(check="assignments", ok=True, sentence=f"{NOTHING_OPEN} {OWN_TICKET}")
    if without:
        sentence, fix = f"It may not change tickets of {_listed(without)}.", fix_of("ModifyTicket and ReassignTicket")
        return Check(check="assignments", ok=False, sentence=sentence, fix=fix)
    return Check(check="assignments", ok=True, sentence=f"It may change tickets. {OWN_TICKET}")


def _notes(rest: Rest) -> Check:
    without = _queues_without(rest, lambda link: link["ref"] == "comment")
    if without:
        sentence = f"It may not comment on tickets of {_listed(without)}: decisions cannot be explained there."
        return Check(check="notes", ok=False, sentence=sentence, fix=fix_of("CommentOnTicket"))
    return Check(check="notes", ok=True, sentence=NOTHING_OPEN if without is None else "It may comment on tickets.")


def _queues_without(rest: Rest, shows: Callable[[Row], bool]) -> Sequence[str] | None:
    """Return the queues of open tickets on which our user has no such action; None without an open ticket."""
    tickets = rest.listing("/tickets", OPEN).rows
    with understood("the actions on tickets"):
        lacking = {row["Queue"]["Name"] for row in tickets if not any(map(shows, row["_hyperlinks"]))}
    return sorted(lacking) if tickets else None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


LOOKS: Sequence[tuple[str, Callable[[Rest], Check]]] = (
    ("queues", _queues),
    ("agents", _agents),
    ("tickets", _tickets),
    ("assignments", _assignments),
    ("notes", _notes),
)
