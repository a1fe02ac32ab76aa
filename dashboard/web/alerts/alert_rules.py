"""Alert rules: created, changed, deleted."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.http import finished, unit_of_work
from dashboard.services.alerts import rules
from dashboard.services.alerts.alert_forms import AlertRuleEdit, AlertRuleForm
from dashboard.services.alerts.kinds import entry_of
from dashboard.services.core.refusals import Invalid, Stale
from dashboard.store.alerts.rules import AlertRuleRow
from dashboard.web.alerts.alerts import page, rule_choices
from dashboard.web.audit.edit_forms import About, editing, refused, there
from dashboard.web.core import form_input
from dashboard.web.core.auth import actor_kwargs, supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of

pages = pages_of("alert_rules")


@pages.post("/alerts/rules")
@supervisors_only
def create() -> ResponseReturnValue:
    """Create a rule."""
    edit = _typed(request.form.get("kind", ""))
    made = (
        edit
        if isinstance(edit, Invalid)
        else finished(rules.create(unit_of_work(), viewer().account_id, edit, **actor_kwargs()))
    )
    if isinstance(made, Invalid):
        typed = _as_typed(request.form.get("kind", ""))
        return page(fields=typed, errors=made.errors), HTTPStatus.UNPROCESSABLE_ENTITY
    flash("The rule was created. It is checked every 15 seconds.")
    return _back()


@pages.get("/alerts/rules/<int:rule_id>")
@supervisors_only
def show(rule_id: int) -> ResponseReturnValue:
    """Show a rule."""
    return _page(rule_id)


@pages.post("/alerts/rules/<int:rule_id>")
@supervisors_only
def update(rule_id: int) -> ResponseReturnValue:
    """Change a rule; its kind stays."""
    kind = _rule(rule_id).kind
    edit = _typed(kind)
    changed = (
        edit
        if isinstance(edit, Invalid)
        else finished(rules.change(unit_of_work(), viewer().account_id, rule_id, edit, **editing()))
    )
    if changed is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(changed, Invalid):
        answer = refused(changed, About("alert_rule", rule_id))
        fields = replace(_rule(rule_id), **changed.wanted) if isinstance(changed, Stale) else _as_typed(kind)
        return _page(rule_id, fields=fields, errors=answer.errors), answer.status
    flash("The rule was saved.")
    return _back()


@pages.post("/alerts/rules/<int:rule_id>/deletion")
@supervisors_only
def destroy(rule_id: int) -> ResponseReturnValue:
    """Delete a rule; its past alerts stay."""
    there(finished(rules.remove(unit_of_work(), viewer().account_id, rule_id, **actor_kwargs())))
    flash("The rule was deleted. Its past alerts stay.")
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("web.alerts.index", _anchor="rules"), HTTPStatus.SEE_OTHER)


def _page(rule_id: int, **more: Any) -> str:
    row = _rule(rule_id)
    context = {**rule_choices(), "rule": row, "entry": entry_of(row.kind), "fields": row, "errors": {}}
    return render_template("alerts/rule.html", **{**context, **more})


def _rule(rule_id: int) -> AlertRuleRow:
    return rules.show(unit_of_work(), viewer().account_id, rule_id) or abort(HTTPStatus.NOT_FOUND)


def _typed(kind: str) -> AlertRuleEdit | Invalid:
    loaded: AlertRuleEdit | Invalid = form_input.load(AlertRuleForm(), _as_typed(kind))
    return loaded


def _as_typed(kind: str) -> dict[str, Any]:
    """Return the typed fields, valid or not; a number or an inbox that the kind does not have is left out."""
    entry = entry_of(kind)
    return {
        "kind": kind,
        "threshold": form_input.whole("threshold") if entry.most_threshold else None,
        "minutes": form_input.whole("minutes") if entry.most_minutes else None,
        "inbox_id": form_input.whole("inbox_id") if entry.of_inbox else None,
        "channel_ids": form_input.ids("channel"),
        "enabled": form_input.switched_on("enabled"),
    }
