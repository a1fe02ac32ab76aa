"""What every answer carries, and forms that came from elsewhere."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from dashboard.config import Settings
from dashboard.engine.model import Presence
from dashboard.store.models import AccountUser
from jobs.rq_queue import RqJobs
from tests.desks import Acme
from tests.pages import HTMX, AtOnce, Looker, composed, looking, without_redis


def test_a_page_lets_nothing_in_from_elsewhere_and_nothing_inline(ana: Looker) -> None:
    policy = ana.get("/").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_pages_are_not_kept_by_caches(ana: Looker) -> None:
    assert ana.get("/").headers["Cache-Control"] == "no-store"


def test_https_is_kept_to_where_a_page_came_by_it(ana: Looker) -> None:
    assert "Strict-Transport-Security" in ana.get("/login", base_url="https://localhost").headers
    assert "Strict-Transport-Security" not in ana.get("/login").headers


@pytest.mark.parametrize("token", [{}, {"csrf_token": "forged"}])
def test_a_form_without_its_pages_token_changes_nothing(mara: Looker, acme: Acme, token: dict[str, str]) -> None:
    answer = mara.client.post(f"/agents/{acme.agents['Bo']}/availability", data={"availability": "busy", **token})

    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
    bo = acme.work.session.get_one(AccountUser, (acme.account_id, acme.agents["Bo"]), populate_existing=True)
    assert bo.availability is Presence.ONLINE


def test_another_program_needs_no_page_and_no_token_of_one(app: Flask, acme: Acme) -> None:
    answer = app.test_client().post(f"/api/v1/accounts/{acme.account_id}/inboxes", json={"name": "New"})

    assert answer.status_code == 401


def test_an_asset_named_by_its_content_is_kept_for_a_year(app: Flask) -> None:
    with app.test_request_context():
        address = app.jinja_env.globals["asset"]("css/tokens.css")

    answer = app.test_client().get(address)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("address", ["/static/css/tokens.css", "/static/css/tokens.css?v=0123456789abcdef"])
def test_an_asset_that_is_not_what_its_address_names_is_asked_for_again(app: Flask, address: str) -> None:
    assert app.test_client().get(address).headers["Cache-Control"] == "no-cache"


def test_a_browser_finds_the_icon_where_no_page_names_it(app: Flask) -> None:
    assert app.test_client().get("/favicon.ico", follow_redirects=True).mimetype == "image/svg+xml"


def test_an_address_that_nobody_answers_says_so_as_a_page(app: Flask) -> None:
    answer = app.test_client().get("/nowhere")

    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text


def test_the_api_keeps_its_own_way_to_say_no(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/nowhere")

    assert answer.status_code == 404
    assert answer.is_json


def test_an_error_within_a_page_is_a_sentence_in_it(mara: Looker) -> None:
    answer = mara.get("/runs/4711", headers=HTMX)

    assert answer.status_code == 404
    assert answer.headers["HX-Retarget"] == "#toasts"
    assert "<html" not in answer.text


def test_while_postgres_is_down_every_page_says_so(acme: Acme, settings: Settings, worker: AtOnce) -> None:
    nowhere = replace(settings, database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    answer = looking(composed(nowhere, worker), acme.account_id, acme.agents["Ana"]).get("/")

    assert answer.status_code == 503
    assert "it recovers by itself" in answer.text


def test_a_run_asked_for_while_redis_is_down_is_refused_in_words(acme: Acme, mara: Looker, settings: Settings) -> None:
    """E42"""
    down = without_redis(settings)
    app = composed(down, RqJobs(down.redis_url))
    path = f"/inboxes/{acme.support}/assignment_runs"

    answer = looking(app, acme.account_id, mara.user_id).post(path, headers=HTMX)

    assert answer.status_code == 503
    assert "A store does not answer" in answer.text


def test_an_error_that_nobody_expected_says_what_was_kept(app: Flask, mara: Looker) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    app.view_functions["web.runs.show"] = broken

    answer = mara.get("/runs/1")

    assert answer.status_code == 500
    assert "What was saved before stays saved" in answer.text


@pytest.mark.parametrize(
    ("sqlstate", "said"),
    [
        ("23505", (409, "Somebody else changed this")),
        ("23514", (400, "makes no sense")),
        ("22021", (400, "makes no sense")),
    ],
)
def test_a_page_tells_somebody_elses_change_from_a_value_that_is_refused(
    acme: Acme, mara: Looker, sqlstate: str, said: tuple[int, str]
) -> None:
    """Seen to fail with 500 for the first two."""
    session = acme.work.session
    session.execute(
        text(f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'refused' USING ERRCODE = '{sqlstate}'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON inboxes FOR EACH ROW EXECUTE FUNCTION refuse()
        """)
    )
    session.commit()
    try:
        answer = mara.post("/inboxes", {"name": "Night"})
    finally:
        session.execute(text("DROP FUNCTION refuse CASCADE"))
        session.commit()

    assert answer.status_code == said[0]
    assert said[1] in answer.text
