"""The texts of the page about the simulator."""

from dataclasses import dataclass

from dashboard.services.trust.simulator_checks import QueueModel, TrustView
from dashboard.services.trust.textbook_fits import InboxFit
from dashboard.store.core.page_values import Choice
from dashboard.store.trust.simulator_checks import CheckedCase
from dashboard.web.core.formatting import number, plural


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A textbook case as a row; the simulated part is empty before the first check."""

    queue: str
    probability: str
    closed_form: str
    simulated: str
    interval: str
    agrees: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FitLine:
    """An inbox with its measures; an unknown one is empty."""

    inbox: Choice
    sentence: str
    good: bool
    conversations: int
    dispersion: str
    spread: str
    at_once: str


def verdict(trust: TrustView) -> str:
    """Return the result of the last check as a sentence."""
    if trust.agrees is None:
        return "The simulator has not been checked yet. The next check is at night."
    agreeing = sum(bool(case.agrees) for case in trust.cases)
    if trust.agrees:
        return f"The simulator agrees with the textbook in all {number(agreeing)} cases."
    missed = len(trust.cases) - agreeing
    return (
        f"The simulator disagrees with the textbook in {number(missed)} {plural(missed, 'case', 'cases')} "
        f"of {number(len(trust.cases))}: do not rely on its forecasts."
    )


def case_line(case: CheckedCase) -> CaseLine:
    """Return the texts of a case."""
    is_known = case.simulated is not None and case.low is not None and case.high is not None
    return CaseLine(
        queue=_queue(case),
        probability="of a wait" if case.model is QueueModel.ERLANG_C else "of leaving",
        closed_form=f"{case.closed_form:.5f}",
        simulated=f"{case.simulated:.4f}" if is_known else "",
        interval=f"{case.low:.4f} to {case.high:.4f}" if is_known else "",
        agrees=case.agrees,
    )


def fit_line(found: InboxFit) -> FitLine:
    """Return the texts of an inbox's measures."""
    fit = found.fit
    return FitLine(
        inbox=found.inbox,
        sentence=fit.sentence,
        good=fit.good,
        conversations=fit.conversations,
        dispersion=_measure(fit.dispersion),
        spread=_measure(fit.spread),
        at_once=_measure(fit.at_once),
    )


def _queue(case: CheckedCase) -> str:
    agents = f"{number(case.agents)} {plural(case.agents, 'agent', 'agents')}"
    patience = "" if case.patience_minutes is None else f", patience {case.patience_minutes:g} min"
    return f"{case.arrivals_per_minute:g} a minute, {case.handling_minutes:g} min each, {agents}{patience}"


def _measure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
