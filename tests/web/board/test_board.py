"""The live board: is anything stuck, who is free, and why is this still waiting?"""

import re
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import update
from werkzeug.test import TestResponse

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.decisions import Source
from dashboard.engine.model import Role
from dashboard.services.assignment.run import RunRequest, run_inbox
from dashboard.store.models import Account, AssignmentPolicy, Inbox
from dashboard.store.redis.rate_limits import Reservation
from dashboard.web.core.live import fragment_cache
from tests.counting import statements
from tests.desks import Acme, add_user
from tests.pages import HTMX, AtOnce, Looker, composed, looking, waiting_for, without_redis

TAGS = re.compile(r"<[^>]+>")


@pytest.fixture(autouse=True)
def _drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each page be drawn anew: here things change without being announced."""
    monkeypatch.setattr(fragment_cache, "FRESH_SECONDS", 0.0)


def seen(answer: TestResponse, part: str = "board") -> str:
    """Return what one reads in an element, on one line."""
    text = answer.text
    start = text.index(f'id="{part}"')
    start = text.index(">", start) + 1
    end = re.search(r'id="(inbox|agent)-\d+"|</section>|</tbody>', text[start:])
    return " ".join(TAGS.sub(" ", text[start : start + end.start() if end else len(text)]).split())


def run(acme: Acme, inbox: str = "Support") -> None:
    run_inbox(acme.work, acme.account_id, acme.inboxes[inbox], request=RunRequest(source=Source.MANUAL))


def test_it_answers_without_a_click_what_is_stuck_and_why(mara: Looker, acme: Acme) -> None:
    """E18, E49"""
    acme.policy("Support", "Sales")
    waiting_for(acme, 3, minutes=14)

    board = mara.get("/")

    headline = seen(board, "headline")
    assert headline.startswith("waiting 3 oldest wait 14 min")
    assert "Support has waited 14 min : nobody is online." in headline
    assert "members 4 online 0 under the rate limit 0 with capacity 0" in seen(board, f"inbox-{acme.support}")
    assert "nobody" not in seen(board, f"inbox-{acme.sales}")


def test_it_tells_who_is_free_full_away_and_offline(mara: Looker, acme: Acme) -> None:
    acme.policy("Support", "Sales")
    acme.capacity("Bo", {"Support": 2, "Sales": 0})
    acme.held("Bo", 2)
    acme.online("Ana", "Bo", "Cleo", at=clock.now())
    mara.post(f"/agents/{acme.agents['Cleo']}/availability", {"availability": "busy"})

    board = mara.get("/")

    assert "1 free 1 full 1 away 1 offline" in seen(board, "agents")
    assert "Support 2/2" in seen(board, f"agent-{acme.agents['Bo']}")
    assert "busy" in seen(board, f"agent-{acme.agents['Cleo']}")
    assert "offline" in seen(board, f"agent-{acme.agents['Dov']}")


def test_a_gauge_shows_the_fair_share_and_when_the_next_slot_is_free(mara: Looker, acme: Acme) -> None:
    """E14"""
    acme.policy("Support", fair_distribution_limit=2)
    now = clock.now()
    acme.online("Ana", at=now)
    had = [Reservation(agent_id=acme.agents["Ana"], conversation_id=n, at=now) for n in (1, 2)]
    acme.work.limits.restore(acme.account_id, acme.support, had, window=timedelta(hours=1))
    waiting_for(acme, 1, minutes=1)

    board = mara.get("/")

    slot = (now + timedelta(hours=1)).strftime("%H:%M UTC")
    assert f"2 of 2, next slot {slot}" in seen(board, f"agent-{acme.agents['Ana']}")
    assert f"all rate-limited, next slot {slot}" in seen(board, f"inbox-{acme.support}")


def test_the_fair_share_of_somebody_who_is_away_is_shown_beside_that_of_who_is_there(mara: Looker, acme: Acme) -> None:
    """E14"""
    acme.policy("Support", fair_distribution_limit=3)
    now = clock.now()
    acme.online("Ana", at=now)
    both = (acme.agents["Ana"], acme.agents["Bo"], acme.agents["Bo"])
    had = [Reservation(agent_id=agent, conversation_id=n, at=now) for n, agent in enumerate(both, 1)]
    acme.work.limits.restore(acme.account_id, acme.support, had, window=timedelta(hours=1))

    board = mara.get("/")

    assert "1 of 3" in seen(board, f"agent-{acme.agents['Ana']}")
    assert "2 of 3" in seen(board, f"agent-{acme.agents['Bo']}")


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (lambda: update(Account).values(assignment_v2=False), "assignment is off for the account"),
        (lambda: update(AssignmentPolicy).values(enabled=False), "policy disabled"),
        (lambda: update(Inbox).values(enable_auto_assignment=False), "assignment is off for this inbox"),
    ],
)
def test_a_switch_that_is_off_is_the_reason(mara: Looker, acme: Acme, off: object, said: str) -> None:
    """E1"""
    acme.policy("Support")
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 1, minutes=1)
    acme.work.session.execute(off())  # type: ignore[operator]
    acme.work.session.commit()

    assert said in seen(mara.get("/"), f"inbox-{acme.support}")


def test_what_a_run_left_is_told_by_reason(mara: Looker, acme: Acme) -> None:
    """E5, E46"""
    acme.policy("Support")
    acme.capacity("Ana", {"Support": 1}, excluded_labels=["vip"])
    acme.capacity("Bo", {"Support": 0})
    acme.capacity("Cleo", {"Support": 0})
    acme.capacity("Dov", {"Support": 0})
    acme.online(*acme.agents, at=clock.now())
    waiting_for(acme, 2, minutes=2, labels=["vip"])
    waiting_for(acme, 4, minutes=1)

    run(acme)

    line = seen(mara.get("/"), f"inbox-{acme.support}")
    assert "all at capacity" in line
    assert "Of 5 waiting: 3 all at capacity, 2 excluded by a label." in line


def test_what_somebody_could_take_and_no_run_gave_is_loud(mara: Looker, acme: Acme) -> None:
    """E53"""
    acme.policy("Support")
    acme.online("Ana", at=clock.now())
    waiting_for(acme, 1, minutes=1)

    assert "agents are free, but no run has come" in seen(mara.get("/"), "headline")


def test_it_says_when_it_was_last_checked_that_nothing_is_stranded(mara: Looker, acme: Acme) -> None:
    """E53"""
    acme.work.session.execute(update(Account).values(stranded_checked_at=clock.now(), stranded_count=2))
    acme.work.session.commit()
    assert "2 conversations are stranded" in seen(mara.get("/"), "headline")

    acme.work.session.execute(update(Account).values(stranded_count=0))
    acme.work.session.commit()

    assert "Nothing is stranded, checked at" in seen(mara.get("/"), "headline")


def test_an_old_check_is_shown_as_old_and_vouches_for_nothing(mara: Looker, acme: Acme) -> None:
    """E53. Seen to fail with the time of the check alone: "Nothing is stranded, checked at" half an hour later."""
    acme.work.session.execute(update(Account).values(stranded_checked_at=clock.now() - timedelta(minutes=3)))
    acme.work.session.commit()

    headline = seen(mara.get("/"), "headline")

    assert "Nothing is stranded" not in headline
    assert "Stale: last checked for stranded conversations 3 min ago, at" in headline


def test_a_board_on_which_nothing_else_changes_turns_stale(
    mara: Looker, acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E53: nothing is announced; its next redraw by the clock shows it. Seen to fail without one: 304."""
    acme.work.session.execute(update(Account).values(stranded_checked_at=clock.now() - timedelta(minutes=2)))
    acme.work.session.commit()
    monkeypatch.setattr(fragment_cache, "PATIENCE_SECONDS", 30.0)
    first = mara.get("/", headers=HTMX)
    assert "Nothing is stranded, checked at" in seen(first, "headline")

    later = clock.now() + timedelta(seconds=20)
    monkeypatch.setattr(clock, "now", lambda: later)
    polled = mara.get("/", headers={**HTMX, "HX-PTag": first.headers["HX-PTag"]})

    assert "Stale: last checked" in seen(polled, "headline")


def test_the_last_hour_of_waiting_is_drawn_from_the_ledger(mara: Looker, acme: Acme) -> None:
    acme.policy("Support")
    waiting_for(acme, 2, minutes=90)
    acme.online("Ana", at=clock.now())
    run(acme)
    waiting_for(acme, 3, minutes=10)

    board = mara.get("/")

    assert "Waiting an hour ago 2, at most 5, now 3" in board.text
    assert "assigned, 15 min 2" in seen(board, "headline").replace("2 assigned, 15 min", "assigned, 15 min 2")


def test_an_agent_sees_the_board_of_their_inboxes_and_may_run_nothing(cleo: Looker, acme: Acme) -> None:
    waiting_for(acme, 1, minutes=1)
    waiting_for(acme, 5, minutes=1, inbox="Sales")

    board = cleo.get("/")

    assert f'id="inbox-{acme.support}"' in board.text
    assert f'id="inbox-{acme.sales}"' not in board.text
    assert seen(board, "headline").startswith("waiting 1")
    assert "Run assignment now" not in board.text
    assert f"/agents/{acme.agents['Cleo']}/availability" in board.text
    assert f"/agents/{acme.agents['Ana']}/availability" not in board.text


def test_an_agents_board_leads_to_no_conversation_of_another_inbox(cleo: Looker, acme: Acme) -> None:
    [elsewhere] = acme.held("Ana", 1, "Sales", created_at=clock.now() - timedelta(hours=3))
    [here] = acme.held("Ana", 1, created_at=clock.now() - timedelta(hours=1))

    board = cleo.get("/").text

    assert f"/conversations/{here}" in board
    assert f"/conversations/{elsewhere}" not in board


def test_names_are_text_whatever_they_look_like(mara: Looker, acme: Acme) -> None:
    acme.work.session.execute(update(Inbox).where(Inbox.id == acme.support).values(name="<script>alert(1)</script>"))
    acme.work.session.commit()

    board = mara.get("/").text

    assert "<script>alert" not in board
    assert "&lt;script&gt;alert(1)" in board


def test_nothing_of_another_account_is_on_it(mara: Looker, acme: Acme) -> None:
    board = mara.get("/").text

    assert "Elsewhere" not in board
    assert "Sid" not in board


@pytest.mark.parametrize("path", ["/", "/?sort=assigned", "/?team=1&presence=free"])
def test_the_number_of_queries_is_the_same_for_10_agents_and_for_200(mara: Looker, acme: Acme, path: str) -> None:
    acme.policy("Support", "Sales", fair_distribution_limit=5)

    def asked_with(agents: int) -> int:
        for number in range(agents):
            user_id = add_user(acme.work.session, acme.account_id, f"Agent{agents}x{number}", Role.AGENT)
            acme.agents[f"Agent{agents}x{number}"] = user_id
            acme.join("Support", f"Agent{agents}x{number}")
        acme.online(*acme.agents, at=clock.now())
        waiting_for(acme, agents, minutes=1)
        with statements(mara.session()) as asked:
            assert mara.get(path).status_code == 200
        return len(asked)

    few, many = asked_with(6), asked_with(190)

    assert few == many <= 14


def test_while_redis_is_down_it_shows_what_postgres_knows_and_says_so(
    acme: Acme, settings: Settings, worker: AtOnce
) -> None:
    """E40, E42"""
    acme.policy("Support")
    waiting_for(acme, 2, minutes=3)
    mara = looking(composed(without_redis(settings), worker), acme.account_id, acme.agents["Ana"])

    board = mara.get("/")

    assert board.status_code == 200
    assert "Redis does not answer" in seen(board, "headline")
    assert seen(board, "headline").startswith("waiting 2")
    assert "presence cannot be read" in seen(board, f"inbox-{acme.support}")


def test_an_account_without_inboxes_is_told_what_to_do(mara: Looker, acme: Acme) -> None:
    acme.work.session.query(Inbox).filter_by(account_id=acme.account_id).delete()
    acme.work.session.commit()

    assert "This account has no inboxes yet." in mara.get("/").text


def test_a_wall_shows_the_board_without_the_bar(mara: Looker) -> None:
    wall = mara.get("/?wall=1").text

    assert "data-wall" in wall
    assert 'href="/?wall=1&amp;presence=free#agents"' in wall
    assert 'id="bar"' not in wall
    assert 'id="live"' in wall


def test_a_redis_that_lost_what_it_held_is_told_of(mara: Looker, acme: Acme) -> None:
    """E42"""
    acme.policy()
    acme.run(at=clock.now())
    before = mara.get("/").text

    with Redis.from_url(acme.work.settings.redis_url) as client:
        client.flushdb()
    acme.run(at=clock.now())

    said = "the rotation started over, and fair shares were counted from the ledger. No assignment was lost."
    assert said not in before
    assert said in mara.get("/").text
