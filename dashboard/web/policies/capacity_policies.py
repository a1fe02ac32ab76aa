"""Capacity policies: limits, exclusions, and the agents under them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.policy import ExclusionRules
from dashboard.engine.sentences import policy_text
from dashboard.http import finished, unit_of_work
from dashboard.services.agents import agent_lookup
from dashboard.services.core.refusals import Invalid, Stale
from dashboard.services.policies import capacity_limits, capacity_policies, capacity_policy_form
from dashboard.services.policies.capacity_policies import CapacityView
from dashboard.services.policies.policy_forms import AgentChoice, CapacityPolicyEdit
from dashboard.store.agents import agents
from dashboard.store.agents.agents import AgentRow
from dashboard.store.core.page_values import Choice
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import choices
from dashboard.store.inboxes.choices import NamedChoice
from dashboard.store.policies import capacity_policies_page as store
from dashboard.store.policies.capacity_policies_page import Excluded
from dashboard.web.audit.edit_forms import About, Errors, editing, refused, there
from dashboard.web.core import form_input, htmx, resubmission
from dashboard.web.core.auth import actor_kwargs, supervisors_only, viewer
from dashboard.web.core.bidi import saying
from dashboard.web.core.blueprints import pages_of
from dashboard.web.policies import capacity_policy_fields
from dashboard.web.policies.capacity_policy_fields import CapacityPolicyFields

PER_PAGE, AGENTS_PER_PAGE = 24, 50
FORM = "capacity/_capacity.html"
NOTHING_WRONG = Invalid(errors={})
pages = pages_of("capacity")


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPage:
    """A capacity policy's form with its errors; a saved policy also has its effects and its agents."""

    fields: CapacityPolicyFields
    errors: Errors
    inboxes: tuple[Choice, ...]
    suggested: tuple[str, ...]
    view: CapacityView | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""
    excluded: Excluded | None = None
    under: Listed[AgentRow] | None = None
    names: tuple[NamedChoice, ...] = ()


@pages.get("/capacity")
@supervisors_only
def index() -> ResponseReturnValue:
    """Show the capacity policies."""
    wanted = Page(page=form_input.page_in(request.args), per_page=PER_PAGE)
    found = capacity_policies.show_all(unit_of_work(), viewer().account_id, wanted)
    cards = [(view, policy_text.exclusions(_rules(view))) for view in found.data]
    return render_template("capacity/index.html", cards=cards, meta=found.meta)


@pages.get("/capacity/new")
@supervisors_only
def new() -> ResponseReturnValue:
    """Show an empty form."""
    return _page(CapacityPolicyFields())


@pages.post("/capacity")
@supervisors_only
def create() -> ResponseReturnValue:
    """Create a capacity policy."""
    fields = capacity_policy_fields.typed()
    edit = _checked(fields)
    if isinstance(edit, Invalid):
        return _page(fields, edit)
    made = finished(
        capacity_policy_form.create(
            unit_of_work(), viewer().account_id, edit, limits=fields.numbers(), **actor_kwargs()
        )
    )
    if isinstance(made, Invalid):
        first = resubmission.first_made(
            capacity_policies.POLICY, made, edit, "name", "description", "conversation_limit"
        )
        return _page(fields, made) if first is None else _to(first)
    flash(saying("{} was created.", made.name))
    return _to(made.id)


@pages.get("/capacity/<int:policy_id>")
@supervisors_only
def show(policy_id: int) -> ResponseReturnValue:
    """Show a capacity policy."""
    return _page(capacity_policy_fields.of_view(_view(policy_id)))


@pages.post("/capacity/<int:policy_id>")
@supervisors_only
def update(policy_id: int) -> ResponseReturnValue:
    """Change a capacity policy."""
    fields = capacity_policy_fields.typed(_view(policy_id).id)
    edit = _checked(fields)
    if isinstance(edit, Invalid):
        return _page(fields, edit)
    limits = fields.numbers()
    changed = finished(
        capacity_policy_form.change(unit_of_work(), viewer().account_id, policy_id, edit, limits=limits, **editing())
    )
    if changed is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(changed, Stale):
        fields = capacity_policy_fields.of_facts(
            policy_id, {**capacity_policy_form.facts(_view(policy_id), limits), **changed.wanted}
        )
    if isinstance(changed, Invalid):
        return _page(fields, changed)
    return _saved(policy_id, saying("{} was saved.", changed.name))


@pages.post("/capacity/<int:policy_id>/agents")
@supervisors_only
def put_under(policy_id: int) -> ResponseReturnValue:
    """Put an agent under the policy."""
    view = _view(policy_id)
    put: Any = agent_lookup.agent(unit_of_work(), viewer().account_id, request.form.get("agent", ""), field="user_id")
    if not isinstance(put, Invalid):
        put = finished(
            capacity_limits.assign_policy(
                unit_of_work(), viewer().account_id, policy_id, AgentChoice(user_id=put), **actor_kwargs()
            )
        )
    if put is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(put, Invalid):
        return _page(capacity_policy_fields.of_view(view), put)
    return _saved(policy_id, saying("{} is under this policy.", put.name))


@pages.post("/capacity/<int:policy_id>/agents/<int:agent_id>/removal")
@supervisors_only
def take_out(policy_id: int, agent_id: int) -> ResponseReturnValue:
    """Remove an agent from the policy."""
    choice = AgentChoice(user_id=agent_id)
    left = capacity_limits.unassign_policy(unit_of_work(), viewer().account_id, policy_id, choice, **actor_kwargs())
    left = there(finished(left))
    return _saved(policy_id, saying("{} is under no capacity policy.", left.name))


@pages.post("/capacity/<int:policy_id>/deletion")
@supervisors_only
def destroy(policy_id: int) -> ResponseReturnValue:
    """Delete a capacity policy; its agents then have none."""
    removed = there(
        finished(capacity_policies.remove(unit_of_work(), viewer().account_id, policy_id, **actor_kwargs()))
    )
    flash(saying("{} was deleted.", removed.name))
    return redirect(url_for("web.capacity.index"), HTTPStatus.SEE_OTHER)


def _page(fields: CapacityPolicyFields, refusal: Invalid = NOTHING_WRONG) -> ResponseReturnValue:
    answer = refused(refusal, About("agent_capacity_policy", fields.policy_id))
    template = FORM if htmx.is_htmx() else "capacity/show.html"
    shown = render_template(template, page=_read(fields, answer.errors))
    return shown, answer.status if answer.errors else HTTPStatus.OK


def _saved(policy_id: int, said: str) -> ResponseReturnValue:
    address = url_for("web.capacity.show", policy_id=policy_id)
    page = _read(capacity_policy_fields.of_view(_view(policy_id))) if htmx.is_htmx() else None
    return htmx.saved(FORM, said=said, elsewhere=address, page=page)


def _read(fields: CapacityPolicyFields, errors: Errors = NOTHING_WRONG.errors) -> CapacityPage:
    everything = choices.of_account(unit_of_work().session, viewer().account_id)
    parts: dict[str, Any] = {
        "fields": fields,
        "errors": errors,
        "inboxes": everything.inboxes,
        "suggested": everything.labels,
    }
    if not fields.policy_id:
        return CapacityPage(**parts)
    view = _view(fields.policy_id)
    wanted = Page(page=form_input.page_in(request.args), per_page=AGENTS_PER_PAGE)
    under = agents.page(unit_of_work().session, viewer().account_id, wanted, under_policy_id=view.id)
    return CapacityPage(
        **parts,
        view=view,
        facts=capacity_policy_form.facts(view, [inbox.id for inbox in everything.inboxes]),
        sentence=policy_text.exclusions(_rules(view)),
        excluded=store.excluded(unit_of_work().session, viewer().account_id, _rules(view), clock.now()),
        under=under,
        names=choices.called(unit_of_work().session, viewer().account_id),
    )


def _to(policy_id: int) -> ResponseReturnValue:
    return redirect(url_for("web.capacity.show", policy_id=policy_id), HTTPStatus.SEE_OTHER)


def _checked(fields: CapacityPolicyFields) -> CapacityPolicyEdit | Invalid:
    """Return the values to save; inboxes of other accounts are answered with 404."""
    own = {inbox.id for inbox in choices.of_account(unit_of_work().session, viewer().account_id).inboxes}
    return fields.edit() if set(fields.limits) <= own else abort(HTTPStatus.NOT_FOUND)


def _rules(view: CapacityView) -> ExclusionRules:
    kept = view.exclusion_rules
    return ExclusionRules(
        policy_id=view.id,
        policy_name=view.name,
        excluded_labels=kept.excluded_labels,
        exclude_older_than_hours=kept.exclude_older_than_hours,
    )


def _view(policy_id: int) -> CapacityView:
    return capacity_policies.show(unit_of_work(), viewer().account_id, policy_id) or abort(HTTPStatus.NOT_FOUND)
