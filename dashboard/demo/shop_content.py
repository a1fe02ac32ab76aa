"""The demo's helpdesk: its people, its inboxes, two of them connected, and the messages of its customers."""

from collections.abc import Mapping
from typing import Any

from dashboard.demo.content import address_of

NAME = "Shop"
ACCOUNT_ID = 1
ROBIN, NORA = 1, 9
CHAT, ORDERS = 1, 2
# The same people as in the demo account, by their addresses.
KNOWN = {2: "Ben Lindqvist", 3: "Elif Yilmaz", 4: "Hugo Laurent"}
MEMBERS = {CHAT: (*KNOWN, NORA), ORDERS: tuple(KNOWN)}
POLICY = "In turn"
CREDENTIALS = {"account_id": str(ACCOUNT_ID), "token": "token-of-robin", "bot_token": "token-of-evenhand"}
QUESTIONS = {
    CHAT: ("Do you deliver to Norway?", "Is the blue one back soon?", "Which size fits me?", "The voucher is refused."),
    ORDERS: ("Where is my order?", "One part is missing.", "Please change my address.", "I would like to return it."),
}
WAITING_AT_FIRST = {CHAT: 3, ORDERS: 2}
CAST: Mapping[str, Any] = {
    "accounts": [{"id": ACCOUNT_ID, "name": "Acme Shop (demo)"}],
    "users": [
        {
            "id": ROBIN,
            "name": "Robin Park",
            "email": "robin@shop.example",
            "role": "administrator",
            "token": CREDENTIALS["token"],
        },
        {"id": NORA, "name": "Nora Silva", "email": "nora@shop.example", "presence": "online"},
        *({"id": number, "name": name, "email": address_of(name)} for number, name in KNOWN.items()),
    ],
    # An id of its own: Chatwoot tells no agent of an assignment by a bot with the same id.
    "bots": [{"id": 90, "name": "Evenhand", "token": CREDENTIALS["bot_token"]}],
    "inboxes": [
        {"id": CHAT, "name": "Shop chat", "members": list(MEMBERS[CHAT])},
        {
            "id": ORDERS,
            "name": "Shop orders",
            "channel_type": "Channel::Email",
            "members": list(MEMBERS[ORDERS]),
        },
    ],
    "labels": [{"title": "parcel"}, {"title": "payment"}],
}
