"""The webhooks that Libredesk's tests receive."""

import json
from datetime import timedelta
from typing import Any

from dashboard.helpdesks.values import WebhookHint
from tests.helpdesks.libredesk.shop import MAIL, NOW, Shop
from tests.receivers import Receiver

NO_TIME = timedelta(0)
SECRET = "evenhand-demo-secret"


def headers(call: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in call.headers.items()}


def hints(shop: Shop, there: Receiver) -> list[WebhookHint]:
    """Wait for all deliveries, and read them; they come in no order."""
    shop.there.delivered()
    read = [shop.helpdesk.read_webhook(headers(call), json.loads(call.body)) for call in there.calls]
    return sorted(read, key=lambda hint: hint.event)


def events(shop: Shop, there: Receiver) -> list[str]:
    return [hint.event for hint in hints(shop, there)]


def verified(shop: Shop, call: Any, **when: Any) -> bool:
    told = {"secret": SECRET, "now": NOW, "ahead": NO_TIME, **when}
    return shop.helpdesk.verify(headers(call), told.pop("body", call.body), **told)


def delivered(shop: Shop, there: Receiver) -> Any:
    """Let something be told, and return the first call."""
    shop.there.act("customer_starts", inbox=MAIL)
    shop.there.delivered()
    return there.calls[0]
