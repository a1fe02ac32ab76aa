"""The pages, and who looks at them: a supervisor, an agent, and a stranger."""

from collections.abc import Iterator

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.engine.model import Role
from tests.desks import Acme
from tests.pages import AtOnce, Looker, hire, kept, looking


@pytest.fixture
def worker(settings: Settings) -> Iterator[AtOnce]:
    """A queue whose jobs are done at once."""
    queue = AtOnce(settings)
    yield queue
    queue.close()


@pytest.fixture
def app(acme: Acme, settings: Settings, worker: AtOnce) -> Flask:
    """The whole application, over Acme's desk."""
    return kept(settings, worker)


@pytest.fixture
def mara(app: Flask, acme: Acme) -> Looker:
    """Acme's supervisor, logged in."""
    return looking(app, acme.account_id, hire(acme.work, acme.account_id, "Mara", Role.SUPERVISOR))


@pytest.fixture
def ana(app: Flask, acme: Acme) -> Looker:
    """An agent of Support and Sales, logged in."""
    return looking(app, acme.account_id, acme.agents["Ana"])


@pytest.fixture
def cleo(app: Flask, acme: Acme) -> Looker:
    """An agent of Support alone, logged in."""
    return looking(app, acme.account_id, acme.agents["Cleo"])


@pytest.fixture
def uma(app: Flask, acme: Acme) -> Looker:
    """Acme's administrator, logged in."""
    return looking(app, acme.account_id, hire(acme.work, acme.account_id, "Uma", Role.ADMINISTRATOR))
