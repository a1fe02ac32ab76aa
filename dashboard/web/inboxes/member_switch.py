"""The switch of a membership: runs assign conversations to the member, or pass over the member (E57)."""

from flask import request
from markupsafe import Markup

from dashboard.http import finished, unit_of_work
from dashboard.services.agents import agent_lookup
from dashboard.services.inboxes import members
from dashboard.services.inboxes.inbox_forms import MemberEdit
from dashboard.services.inboxes.members import Owner
from dashboard.store.inboxes.members import MemberSwitch
from dashboard.web.core.auth import actor_kwargs, viewer
from dashboard.web.core.bidi import saying

ANSWERS = {True: "Runs assign conversations to {} again.", False: "Runs pass over {} here."}


def switched(place: Owner, agent_id: int) -> tuple[MemberSwitch | None, Markup]:
    """Switch the membership as the form asks; return it, or None without it, and the answer's text."""
    on = request.form.get("auto_assign") == "on"
    edit = MemberEdit(auto_assign=on)
    done = finished(
        members.switch(unit_of_work(), viewer().account_id, place, edit, user_id=agent_id, **actor_kwargs())
    )
    return done, saying(ANSWERS[on], agent_lookup.name_of(unit_of_work(), viewer().account_id, agent_id))
