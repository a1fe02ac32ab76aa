"""The warnings of a policy's form as sentences."""

from dashboard.engine.decisions import Reason
from dashboard.engine.policy import POLICY_FIELDS
from dashboard.engine.sentences.policy_text import span
from dashboard.services.policies.policy_consequences import Consequences, PolicyWarning, WarningKind
from dashboard.services.policies.previews import Preview
from dashboard.web.core.bidi import saying
from dashboard.web.core.formatting import clause, number

OF_ITSELF = {
    WarningKind.NO_INBOX: "No inbox is chosen: the policy has no effect until an inbox uses it.",
    WarningKind.OFFLINE_IS_ELIGIBLE: "Agents who are offline get conversations too, whether or not they come back.",
    WarningKind.NO_TARGETS: "No priority has a target: only conversations with an instant of their own are due.",
}


def warning(warned: PolicyWarning, meant: Consequences) -> str:
    """Return a warning as a sentence."""
    if warned.doubt is WarningKind.DISABLED:
        return f"The policy is disabled: nothing is assigned in {_inboxes(warned.count)}."
    return OF_ITSELF.get(warned.doubt) or _of_inbox(warned, meant)


def left_reasons(preview: Preview) -> list[Reason]:
    """Return the reasons of the conversations left waiting now or then, in the order of Reason."""
    return [reason for reason in Reason if reason in {*preview.then.left_waiting, *preview.now.left_waiting}]


def _of_inbox(warned: PolicyWarning, meant: Consequences) -> str:
    inbox = warned.inbox
    assert inbox is not None
    if warned.doubt is WarningKind.LEFT_WITHOUT:
        wait = f" {_wait(warned.count)} there." if warned.count else ""
        return saying(f"{{}} is left without a policy: none of its conversations are assigned.{wait}", inbox.name)
    if warned.doubt is WarningKind.TAKEN_OVER:
        return saying("{} leaves the policy {}.", inbox.name, inbox.policy_name)
    if warned.doubt is WarningKind.STUCK:
        return saying(f"Nothing would move in {{}}: {clause(warned.reason)}.", inbox.name)
    if warned.doubt is WarningKind.OWN_VALUES:
        named = ", ".join(POLICY_FIELDS[name].label for name in warned.own)
        return saying(f"{{}} does not follow it in everything. The inbox has own values: {named}.", inbox.name)
    if warned.doubt is WarningKind.COMES_BACK:
        return saying(f"{_come_back(warned.count)} in {{}}: nobody has answered for that long.", inbox.name)
    had = "has had as many" if warned.count == 1 else "have had as many"
    who = f"{warned.count} of {warned.of} agents there now in {{}} {had} or more"
    return saying(f"{who} within {span(meant.window)}: the limit is reached already.", inbox.name)


def _inboxes(count: int) -> str:
    return "its inbox" if count == 1 else f"its {number(count)} inboxes"


def _come_back(count: int) -> str:
    return "1 conversation comes back at once" if count == 1 else f"{number(count)} conversations come back at once"


def _wait(count: int) -> str:
    return "1 conversation waits" if count == 1 else f"{number(count)} conversations wait"
