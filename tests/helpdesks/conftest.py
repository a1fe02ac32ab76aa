"""The helpdesks of the tests: Acme beside one on paper, and a row in `world` for each kind, so that all adapters keep
the same promises.
"""

from collections.abc import Iterator

import pytest

from dashboard.helpdesks.chatwoot.adapter import Chatwoot
from dashboard.helpdesks.libredesk.adapter import Libredesk
from dashboard.helpdesks.rt.adapter import RequestTracker
from dashboard.helpdesks.values import ConversationKey
from tests.desks import Acme
from tests.helpdesks import beside as besides
from tests.helpdesks.beside import Beside
from tests.helpdesks.chatwoot import people as chatwoot_people
from tests.helpdesks.http import Changed, PlainHttp
from tests.helpdesks.libredesk import people as libredesk_people
from tests.helpdesks.rt import instance
from tests.helpdesks.rt.acts import WORD, People
from tests.helpdesks.rt.instance import Instance
from tests.helpdesks.standin.running import Control, running
from tests.helpdesks.worlds import World

RT = (pytest.mark.rt, pytest.mark.gate)


@pytest.fixture
def beside(acme: Acme) -> Beside:
    """Acme's inboxes, connected and live; the first sync is still to come."""
    return besides.connect(acme)


@pytest.fixture(params=["chatwoot_world", "libredesk_world", pytest.param("rt_world", marks=RT)])
def world(request: pytest.FixtureRequest) -> World:
    """Every helpdesk in turn."""
    found: World = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def request_tracker() -> Iterator[Instance]:
    """One Request Tracker for all tests of a process: it takes seconds to start."""
    with instance.running() as running:
        yield running


@pytest.fixture(scope="session")
def rt_people(request_tracker: Instance) -> Iterator[People]:
    """The cast of the Request Tracker, in which Dov is disabled."""
    people = People(request_tracker)
    people.disable("dov")
    yield people
    people.close()


@pytest.fixture(scope="session")
def rt_http(request_tracker: Instance) -> Iterator[PlainHttp]:
    """HTTP to the Request Tracker."""
    http = PlainHttp(request_tracker.url)
    yield http
    http.close()


@pytest.fixture
def rt_world(rt_people: People, rt_http: PlainHttp) -> World:
    """The Request Tracker with a new queue, whose pages are short."""
    return World(
        connect=RequestTracker,
        http=Changed(rt_http, asked=lambda params: {**dict(params), "per_page": 2}),
        credentials={"user": "evenhand", "password": WORD},
        acts=rt_people,
        inbox_id=rt_people.new_queue(),
        ana_id=rt_people.user_id("ana"),
        bo_id=rt_people.user_id("bo"),
        unknown_agent_id="987654",
        missing=ConversationKey(id="987654", display_id="987654"),
        page_size=2,
        compares=True,
    )


@pytest.fixture(scope="session")
def chatwoot() -> Iterator[Control]:
    """One stand-in of Chatwoot for all tests of a process."""
    with running("tests.helpdesks.chatwoot") as control:
        yield control


@pytest.fixture
def chatwoot_world(chatwoot: Control) -> World:
    """An empty Chatwoot, whose pages are short."""
    people = chatwoot_people.People(chatwoot)
    people.arrive()
    return World(
        connect=Chatwoot,
        http=PlainHttp(chatwoot.url),
        credentials=chatwoot_people.CREDENTIALS,
        acts=people,
        inbox_id=str(chatwoot_people.INBOX),
        ana_id=str(chatwoot_people.ANA),
        bo_id=str(chatwoot_people.BO),
        unknown_agent_id="987654",
        missing=ConversationKey(id="987654", display_id="987654"),
        page_size=chatwoot_people.PAGE_SIZE,
        compares=False,
    )


@pytest.fixture(scope="session")
def libredesk() -> Iterator[Control]:
    """The stand-in of Libredesk, one for all tests of a process."""
    with running("tests.helpdesks.libredesk") as control:
        yield control


@pytest.fixture
def libredesk_world(libredesk: Control) -> World:
    """The stand-in of Libredesk with an empty inbox, whose pages are short."""
    acts = libredesk_people.People(libredesk)
    acts.arrive()
    return World(
        connect=Libredesk,
        http=PlainHttp(libredesk.url),
        credentials=libredesk_people.CREDENTIALS,
        acts=acts,
        inbox_id=str(libredesk_people.INBOX),
        ana_id=str(libredesk_people.ANA),
        bo_id=str(libredesk_people.BO),
        unknown_agent_id=libredesk_people.UNKNOWN_AGENT,
        missing=libredesk_people.MISSING,
        page_size=libredesk_people.PAGE_SIZE,
        compares=False,
    )
