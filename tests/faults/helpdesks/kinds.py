"""The shop's cast in each helpdesk: five agents, of whom one may vanish, and an inbox."""

from typing import Any

from tests.faults.helpdesks.shop import Kind
from tests.helpdesks.chatwoot import people as chatwoot_people
from tests.helpdesks.libredesk import people as libredesk_people

NAMES = ("Ana", "Bo", "Cleo", "Dov", "Eve", "Fay")
AGENTS = range(21, 21 + len(NAMES))
INBOX, OTHER, TEAM = 12, 13, 7


def _people(**more: Any) -> list[dict[str, Any]]:
    return [
        {"id": number, "email": f"{name.lower()}@shop.example", **{key: value(name) for key, value in more.items()}}
        for number, name in zip(AGENTS, NAMES, strict=True)
    ]


CHATWOOT = Kind(
    name="chatwoot",
    credentials=chatwoot_people.CREDENTIALS,
    place={
        **chatwoot_people.PLACE,
        "users": [
            chatwoot_people.PLACE["users"][0],
            *_people(name=lambda name: name, presence=lambda _: "online"),
        ],
        "inboxes": [
            {"id": INBOX, "name": "Support", "members": list(AGENTS)},
            {"id": OTHER, "name": "Sales", "members": list(AGENTS)},
        ],
    },
    options={"allow_private": True, "limit": 1_000_000},
    inbox=INBOX,
    agents=AGENTS,
    ours="Evenhand",
    change="assignee_id",
    owner="after",
)
LIBREDESK = Kind(
    name="libredesk",
    credentials=libredesk_people.CREDENTIALS,
    place={
        "inboxes": [{"id": INBOX, "name": "Support"}, {"id": OTHER, "name": "Sales"}],
        "agents": [
            libredesk_people.PLACE["agents"][0],
            libredesk_people.PLACE["agents"][3],
            *_people(first_name=lambda name: name, availability=lambda _: "online", teams=lambda _: [TEAM]),
        ],
        "teams": [{"id": TEAM, "name": "Everybody"}],
    },
    options={},
    inbox=INBOX,
    agents=AGENTS,
    ours=str(libredesk_people.OURS),
    change="assigned",
    owner="assignee",
)
