"""Assignment policies: each one's effect in a sentence, and its form beside a preview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.model import Presence
from dashboard.engine.sentences import policy_text
from dashboard.http import finished, unit_of_work
from dashboard.services.core.baselines import DrawnFields
from dashboard.services.core.refusals import Invalid, Stale
from dashboard.services.policies import assignment_policies, assignment_policy_form, policy_consequences
from dashboard.services.policies.assignment_policies import PolicyRow
from dashboard.services.policies.policy_consequences import Consequences, PolicyDraft
from dashboard.store.core.page_values import Choice
from dashboard.store.core.paging import Page
from dashboard.store.inboxes import choices
from dashboard.store.policies import assignment_policies_page as store
from dashboard.store.policies.assignment_policies_page import InboxChoice
from dashboard.web.audit.edit_forms import About, Errors, editing, refused, there
from dashboard.web.core import form_input, htmx, resubmission
from dashboard.web.core.auth import actor_kwargs, supervisors_only, viewer
from dashboard.web.core.bidi import saying
from dashboard.web.core.blueprints import pages_of
from dashboard.web.core.cards import ORDERS, SELECTORS, UNITS
from dashboard.web.policies import policy_fields, policy_warnings
from dashboard.web.policies.policy_fields import UNNAMED, PolicyFields
from dashboard.web.policies.presets import PRESETS

PER_PAGE = 24
FORM = "policies/_policy.html"
pages = pages_of("policies")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCard:
    """A policy in its list."""

    row: PolicyRow
    sentence: str
    served: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPage:
    """A policy's form with its errors and its consequences; these are None while the form has errors."""

    fields: PolicyFields
    errors: Errors
    inboxes: list[InboxChoice]
    teams: Sequence[Choice]
    consequences: Consequences | None
    row: PolicyRow | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    untouched: Mapping[str, Any] = field(default_factory=dict)

    @property
    def loses(self) -> list[InboxChoice]:
        """Return the inboxes that have no policy after this one is deleted."""
        return [one for one in self.inboxes if one.policy_id == self.fields.policy_id]


NOTHING_WRONG = Invalid(errors={})


@pages.app_context_processor
def _words() -> dict[str, object]:
    """Add the form's choices and warnings to the templates."""
    return {
        "orders": ORDERS,
        "selectors": SELECTORS,
        "units": UNITS,
        "presets": PRESETS,
        "presence_words": tuple(Presence),
        "warning": policy_warnings.warning,
        "left_reasons": policy_warnings.left_reasons,
    }


@pages.get("/policies")
@supervisors_only
def index() -> ResponseReturnValue:
    """Show the policies."""
    wanted = Page(page=form_input.page_in(request.args), per_page=PER_PAGE)
    found = assignment_policies.show_all(unit_of_work(), viewer().account_id, wanted)
    served = store.served(unit_of_work().session, viewer().account_id, [row.id for row in found.data])
    cards = [
        PolicyCard(row=row, sentence=policy_text.policy(row.rules), served=policy_text.named(served.get(row.id, ())))
        for row in found.data
    ]
    return render_template("policies/index.html", cards=cards, meta=found.meta)


@pages.get("/policies/new")
@supervisors_only
def new() -> ResponseReturnValue:
    """Show an empty form or that of a preset, with an inbox chosen if the link named one."""
    asked = form_input.number_in(request.args, "inbox")
    inboxes, preset = frozenset({asked} if asked else ()), PRESETS.get(request.args.get("preset", ""))
    return _page(policy_fields.of_preset(preset, inboxes) if preset else PolicyFields(inboxes=inboxes))


@pages.post("/policies")
@supervisors_only
def create() -> ResponseReturnValue:
    """Create a policy and link it to its inboxes."""
    fields = policy_fields.typed()
    edit = fields.edit()
    _require_own(fields)
    if isinstance(edit, Invalid):
        return _page(fields, edit)
    made = finished(
        assignment_policy_form.create(
            unit_of_work(), viewer().account_id, edit, served=fields.inboxes, **actor_kwargs()
        )
    )
    if isinstance(made, Invalid):
        first = resubmission.first_made(assignment_policies.POLICY, made, edit)
        return _page(fields, made) if first is None else _to(first)
    flash(saying("{} was created.", made.name))
    return _to(made.id)


@pages.get("/policies/<int:policy_id>")
@supervisors_only
def show(policy_id: int) -> ResponseReturnValue:
    """Show a policy."""
    return _page(_fields_of(_policy(policy_id)))


@pages.post("/policies/<int:policy_id>")
@supervisors_only
def update(policy_id: int) -> ResponseReturnValue:
    """Change a policy and its inboxes."""
    fields = policy_fields.typed(_policy(policy_id).id)
    edit = fields.edit()
    _require_own(fields)
    if isinstance(edit, Invalid):
        return _page(fields, edit)
    changed = finished(
        assignment_policy_form.change(
            unit_of_work(), viewer().account_id, policy_id, edit, served=fields.inboxes, **_editing()
        )
    )
    if changed is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(changed, Stale):
        fields = policy_fields.of_wanted(_policy(policy_id), changed.wanted)
    if isinstance(changed, Invalid):
        return _page(fields, changed)
    address = url_for("web.policies.show", policy_id=policy_id)
    page = _read(_fields_of(changed)) if htmx.is_htmx() else None
    return htmx.saved(FORM, said=saying("{} was saved.", changed.name), elsewhere=address, page=page)


@pages.post("/policies/preview", defaults={"policy_id": 0})
@pages.post("/policies/<int:policy_id>/preview")
@supervisors_only
def preview(policy_id: int) -> ResponseReturnValue:
    """Show the consequences of the typed policy without saving it."""
    fields = policy_fields.typed(policy_id and _policy(policy_id).id)
    if not htmx.is_htmx():
        return _page(fields)
    inboxes = _inboxes()
    unclear, meant = _meant(fields, inboxes)
    return htmx.fragment("policies/_consequences.html", fields=fields, errors=unclear.errors, consequences=meant)


@pages.post("/policies/<int:policy_id>/deletion")
@supervisors_only
def destroy(policy_id: int) -> ResponseReturnValue:
    """Delete a policy; its inboxes then have none."""
    removed = there(
        finished(assignment_policies.remove(unit_of_work(), viewer().account_id, policy_id, **actor_kwargs()))
    )
    flash(saying("{} was deleted.", removed.name))
    return redirect(url_for("web.policies.index"), HTTPStatus.SEE_OTHER)


def _page(fields: PolicyFields, refusal: Invalid = NOTHING_WRONG) -> ResponseReturnValue:
    """Show the page, or for htmx the form, with its errors."""
    answer = refused(refusal, About("assignment_policy", fields.policy_id))
    template = FORM if htmx.is_htmx() else "policies/show.html"
    shown = render_template(template, page=_read(fields, answer.errors))
    return shown, answer.status if answer.errors else HTTPStatus.OK


def _read(fields: PolicyFields, errors: Errors = NOTHING_WRONG.errors) -> PolicyPage:
    inboxes = _inboxes()
    unclear, meant = _meant(fields, inboxes)
    parts: dict[str, Any] = {
        "fields": fields,
        "errors": errors or unclear.errors,
        "inboxes": inboxes,
        "teams": choices.teams(unit_of_work().session, viewer().account_id),
        "consequences": meant,
    }
    if not fields.policy_id:
        return PolicyPage(**parts)
    saved = _fields_of(row := _policy(fields.policy_id))
    return PolicyPage(**parts, row=row, facts=policy_fields.facts(row, saved), untouched=saved.untouched())


def _meant(fields: PolicyFields, inboxes: list[InboxChoice]) -> tuple[Invalid, Consequences | None]:
    edit = fields.edit(name=UNNAMED)
    if isinstance(edit, Invalid):
        return edit, None
    draft = PolicyDraft(rules=policy_fields.rules(fields.policy_id, edit), chosen=fields.inboxes, inboxes=inboxes)
    return NOTHING_WRONG, policy_consequences.of(unit_of_work(), viewer().account_id, draft, now=clock.now())


def _policy(policy_id: int) -> PolicyRow:
    return assignment_policies.show(unit_of_work(), viewer().account_id, policy_id) or abort(HTTPStatus.NOT_FOUND)


def _fields_of(row: PolicyRow) -> PolicyFields:
    served = assignment_policies.inboxes_of(unit_of_work(), viewer().account_id, row.id) or ()
    return policy_fields.of_row(row, [inbox.id for inbox in served])


def _inboxes() -> list[InboxChoice]:
    return list(store.inboxes(unit_of_work().session, viewer().account_id))


def _to(policy_id: int) -> ResponseReturnValue:
    return redirect(url_for("web.policies.show", policy_id=policy_id), HTTPStatus.SEE_OTHER)


def _editing() -> dict[str, Any]:
    """Return the form's baseline; a page of an older release only contains the inboxes that it had."""
    served = {"seen": DrawnFields(facts={"inboxes": form_input.ids("served")})} if "served" in request.form else {}
    return {**editing(), **served}


def _require_own(fields: PolicyFields) -> None:
    """Refuse inboxes of other accounts before anything is written."""
    if not fields.inboxes <= {inbox.id for inbox in _inboxes()}:
        abort(HTTPStatus.NOT_FOUND)
