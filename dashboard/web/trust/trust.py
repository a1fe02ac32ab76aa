"""The page about the simulator: its check, and how far the textbook fits each inbox."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.http import finished, unit_of_work
from dashboard.services.trust import simulator_checks, textbook_fits
from dashboard.services.trust.simulator_checks import TrustView
from dashboard.web.core import form_input, htmx
from dashboard.web.core.auth import scope, supervisors_only
from dashboard.web.core.blueprints import pages_of
from dashboard.web.trust import trust_text

# After this many polls the page suspects that no worker is running.
MANY_LOOKS = 60
pages = pages_of("trust")


@pages.get("/trust")
def show() -> ResponseReturnValue:
    """Show the last check of the simulator, and the measures of the viewer's inboxes."""
    fits = textbook_fits.of_account(unit_of_work(), scope(), now=clock.now())
    return render_template("trust/show.html", fits=[trust_text.fit_line(one) for one in fits], **_check())


@pages.get("/trust/check")
def check() -> ResponseReturnValue:
    """Show the check alone, which polls while one is under way."""
    if not htmx.is_htmx():
        return show()
    return htmx.fragment("trust/_check.html", **_check())


@pages.post("/trust/checks")
@supervisors_only
def create() -> ResponseReturnValue:
    """Have the simulator checked."""
    finished(simulator_checks.request(unit_of_work(), now=clock.now()))
    return htmx.changed("trust/_check.html", elsewhere=url_for("web.trust.show"), **_check())


def _check() -> dict[str, object]:
    trust: TrustView = simulator_checks.view(unit_of_work())
    looks = form_input.number_in(request.args, "looks") or 0
    return {
        "trust": trust,
        "verdict": trust_text.verdict(trust),
        "cases": [trust_text.case_line(case) for case in trust.cases],
        "looks": looks + 1,
        "slow": looks >= MANY_LOOKS,
    }
