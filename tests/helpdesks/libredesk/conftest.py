"""Each test here begins with the same shop."""

from collections.abc import Iterator

import pytest

from tests.helpdesks.http import PlainHttp
from tests.helpdesks.libredesk.hooks import SECRET
from tests.helpdesks.libredesk.shop import Shop
from tests.helpdesks.standin.running import Control
from tests.receivers import Receiver, receiver


@pytest.fixture
def shop(libredesk: Control) -> Shop:
    """The shop at noon."""
    made = Shop(libredesk, PlainHttp(libredesk.url))
    made.reset()
    return made


@pytest.fixture
def there(shop: Shop) -> Iterator[Receiver]:
    """A receiver of webhooks, which the adapter made."""
    with receiver() as made:
        shop.helpdesk.make_webhook(made.url, SECRET)
        yield made
