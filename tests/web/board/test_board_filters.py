"""The agents of the live board: filtered, sorted, and fifty to a page."""

import re
from collections.abc import Callable

import pytest

from dashboard import clock
from tests.desks import Acme, add_user
from tests.pages import HTMX, Looker
from tests.web.board.test_board import seen


def test_agents_are_filtered_as_the_inbox_that_was_chosen_sees_them(mara: Looker, acme: Acme) -> None:
    acme.policy("Support", "Sales")
    acme.capacity("Ana", {"Sales": 0})
    acme.online("Ana", "Bo", at=clock.now())

    in_sales = seen(mara.get(f"/?inbox={acme.sales}"), "agents")
    free_in_sales = mara.get(f"/?inbox={acme.sales}&presence=free").text

    assert "1 free 1 full" in in_sales
    assert f'id="agent-{acme.agents["Bo"]}"' in free_in_sales
    assert f'id="agent-{acme.agents["Ana"]}"' not in free_in_sales


def test_agents_are_filtered_by_team(mara: Looker, acme: Acme) -> None:
    night = acme.team("Night", "Cleo")

    text = mara.get(f"/?team={night}").text

    assert f'id="agent-{acme.agents["Cleo"]}"' in text
    assert f'id="agent-{acme.agents["Bo"]}"' not in text


def test_a_filter_that_nobody_fits_offers_all_agents(mara: Looker) -> None:
    assert "Show all agents" in mara.get("/?presence=away_and_reassigning").text


@pytest.mark.parametrize(
    ("sort", "order"), [("name", ["Ana", "Bo", "Cleo", "Dov"]), ("load", ["Cleo", "Bo", "Ana", "Dov"])]
)
def test_agents_are_sorted(mara: Looker, acme: Acme, sort: str, order: list[str]) -> None:
    acme.held("Cleo", 3)
    acme.held("Bo", 1, "Sales")

    text = mara.get(f"/?sort={sort}").text

    rows = [int(found) for found in re.findall(r'id="agent-(\d+)"', text)]
    assert acme.names(rows) == order


@pytest.mark.parametrize("nonsense", ["?inbox=x", "?sort=x", "?page=0", "?page=-3", "?page=x", "?presence=x", "?team="])
def test_what_makes_no_sense_in_the_address_asks_for_nothing(mara: Looker, nonsense: str) -> None:
    assert "Ana" in mara.get(f"/{nonsense}").text


def in_arabic(number: int) -> str:
    return str(number).translate({ord("0") + digit: 0x660 + digit for digit in range(10)})


@pytest.mark.parametrize("odd", ["+{}", " {}", "0_{}", in_arabic])
def test_a_number_in_an_address_is_its_digits_alone(mara: Looker, acme: Acme, odd: str | Callable[[int], str]) -> None:
    """Seen to fail with each of them read by Python's int."""
    acme.policy("Support", "Sales")
    acme.online("Ana", at=clock.now())
    write = odd.format if isinstance(odd, str) else odd

    whole, one = (seen(mara.get(f"/{query}"), "agents") for query in ("", f"?inbox={acme.sales}"))

    assert whole != one
    assert seen(mara.get("/", query_string={"inbox": write(acme.sales)}), "agents") == whole
    conversation = acme.waiting(1)[0]
    assert mara.get(f"/conversations/{conversation}").status_code == 200
    assert mara.get(f"/conversations/{write(conversation)}").status_code == 404


def test_a_filter_is_shown_in_the_address_bar_and_a_poll_leaves_it_alone(mara: Looker) -> None:
    asked = "/?sort=name&page=1&inbox=&team=&presence=free"

    filtered = mara.get(asked, headers=HTMX)
    polled = mara.get(asked, headers={**HTMX, "HX-PTag": "none"})

    assert filtered.headers["HX-Replace-Url"] == "/?presence=free"
    assert "HX-Replace-Url" not in polled.headers


def test_agents_come_fifty_to_a_page(mara: Looker, acme: Acme) -> None:
    for number in range(60):
        name = f"Zoe{number:02}"
        acme.agents[name] = add_user(acme.work.session, acme.account_id, name)
        acme.join("Support", name)

    first, second = mara.get("/").text, mara.get("/?page=2").text

    assert len(re.findall(r'id="agent-\d+"', first)) == 50
    assert len(re.findall(r'id="agent-\d+"', second)) == 14
