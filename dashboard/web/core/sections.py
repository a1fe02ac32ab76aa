"""The sections of the bar and the pages under each, by role."""

from dataclasses import dataclass

from flask import Flask, request

from dashboard.web.core.auth import supervising


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLink:
    """A page in the bar or under a section. `owns` are the blueprints of the pages that belong to it."""

    label: str
    endpoint: str
    owns: tuple[str, ...]

    @property
    def is_here(self) -> bool:
        """Return whether the request is for one of its pages."""
        return request.blueprint in self.owns


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """An item of the bar, which leads to the first of its pages."""

    label: str
    pages: tuple[PageLink, ...]

    @property
    def is_here(self) -> bool:
        """Return whether the request is for a page of this section."""
        return any(page.is_here for page in self.pages)


def _alone(label: str, endpoint: str, *owns: str) -> Section:
    return Section(label=label, pages=(PageLink(label=label, endpoint=endpoint, owns=owns),))


BOARD = _alone("Board", "web.board.show", "web.board")
OF_AGENTS = (BOARD, _alone("Trust", "web.trust.show", "web.trust"))
OF_SUPERVISORS = (
    BOARD,
    _alone("Conversations", "web.conversation_list.index", "web.conversation_list", "web.conversations"),
    _alone("Inboxes", "web.inboxes.index", "web.inboxes"),
    Section(
        label="People",
        pages=(
            PageLink(label="Agents", endpoint="web.agent_list.index", owns=("web.agent_list", "web.agents")),
            PageLink(label="Teams", endpoint="web.teams.index", owns=("web.teams",)),
        ),
    ),
    Section(
        label="Rules",
        pages=(
            PageLink(label="Policies", endpoint="web.policies.index", owns=("web.policies",)),
            PageLink(label="Capacity", endpoint="web.capacity.index", owns=("web.capacity",)),
        ),
    ),
    Section(
        label="History",
        pages=(
            PageLink(label="Runs", endpoint="web.run_list.index", owns=("web.run_list", "web.runs")),
            PageLink(label="Reports", endpoint="web.reports.index", owns=("web.reports",)),
            PageLink(
                label="Alerts",
                endpoint="web.alerts.index",
                owns=("web.alerts", "web.alert_rules", "web.alert_channels"),
            ),
            PageLink(label="Trust", endpoint="web.trust.show", owns=("web.trust",)),
            PageLink(label="Audit", endpoint="web.audit.index", owns=("web.audit",)),
        ),
    ),
    _alone(
        "Settings",
        "web.accounts.show",
        "web.accounts",
        "web.labels",
        "web.webhooks",
        "web.users",
        "web.tokens",
        "web.connections",
        "web.connections_list",
        "web.connections_setup",
        "web.connections_agents",
        "web.passwords",
    ),
)


def init_app(app: Flask) -> None:
    """Register the template functions."""
    app.jinja_env.globals.update(bar_sections=bar_sections, section_here=section_here)


def bar_sections() -> tuple[Section, ...]:
    """Return the viewer's sections."""
    return OF_SUPERVISORS if supervising() else OF_AGENTS


def section_here() -> Section | None:
    """Return the section of the request's page, None outside of all."""
    return next((section for section in bar_sections() if section.is_here), None)
