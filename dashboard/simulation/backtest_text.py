"""The first sentence of a back-test's answer (T12)."""

from collections.abc import Mapping

from dashboard.simulation.backtest import BacktestResult, FigureComparison
from dashboard.simulation.figures import FigureName

MINUTE = 60.0
# A smaller change of an agent's share is not worth a sentence.
LEAST_CHANGE = 0.05


def sentence(answer: BacktestResult, names: Mapping[int, str]) -> str:
    """Return what the edited policy would have changed: the wait of nine of ten, and the agent it changes most for."""
    return f"{_wait(answer.figures[FigureName.WAIT_P90])}{_agent(answer.given, names)}."


def _wait(wait: FigureComparison) -> str:
    if not wait.clear:
        return f"No clear difference in the wait of nine of ten, which is {_minutes(wait.now)}"
    verb, word = ("cut", "less") if wait.difference.mean < 0 else ("lengthened", "more")
    low, high = sorted(abs(bound) for bound in (wait.difference.low, wait.difference.high))
    change = f"from {_number(wait.now)} to {_minutes(wait.then)} ({_number(low)} to {_number(high)} {word})"
    return f"The edited policy would have {verb} the wait of nine of ten {change}"


def _agent(given: Mapping[int, FigureComparison], names: Mapping[int, str]) -> str:
    changed = {agent_id: one.difference.mean / one.now for agent_id, one in given.items() if one.clear and one.now}
    agent_id = max(changed, key=lambda one: abs(changed[one]), default=None)
    if agent_id is None or abs(changed[agent_id]) < LEAST_CHANGE:
        return ""
    word = "more" if changed[agent_id] > 0 else "less"
    return f"; {names[agent_id]} would have been given {abs(changed[agent_id]):.0%} {word}".replace("%", " %")


def _minutes(seconds: float) -> str:
    number = _number(seconds)
    return f"{number} {'minute' if number == '1' else 'minutes'}"


def _number(seconds: float) -> str:
    """Return minutes, with one decimal below ten."""
    minutes = seconds / MINUTE
    return f"{minutes:.0f}" if minutes >= 10 else f"{minutes:.1f}".removesuffix(".0")
