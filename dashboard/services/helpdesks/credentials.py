"""Credentials of helpdesks and secrets of their webhooks, encrypted by a key that is derived from SECRET_KEY (C3)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field

from cryptography.fernet import Fernet, InvalidToken

from dashboard.services.core import sealing
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.helpdesks import connections

PURPOSE = b"evenhand: credentials of helpdesks"
WRONG_KEY = "The key that sealed these credentials is another one: this Evenhand has a new SECRET_KEY."
CURE = (
    "Start Evenhand with the former SECRET_KEY, or run “flask --app app connections reseal” with it, "
    "or enter the credentials again."
)


class WrongKey(Exception):
    """The credentials were encrypted by another key, or are damaged; the message is the reason, `fix` the remedy."""

    def __init__(self) -> None:
        super().__init__(WRONG_KEY)
        self.sentence, self.fix = WRONG_KEY, CURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The secrets of a connection; no value is in its repr.

    `hook_secret` is the part of the webhook's address. `signing_secret` is the one that the helpdesk signs with; None
    if it does not sign.
    """

    credentials: Mapping[str, str] = field(repr=False)
    hook_secret: str = field(default="", repr=False)
    signing_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """The result of a change of the key: how many connections got it, or the ids of those that neither key opens."""

    count: int = 0
    closed: Collection[int] = ()


def seal(secrets: Secrets, secret_key: str) -> str:
    """Return the secrets as one encrypted text."""
    return _fernet(secret_key).encrypt(json.dumps(asdict(secrets)).encode()).decode()


def unseal(sealed: str, secret_key: str) -> Secrets:
    """Return the secrets of an encrypted text. Raises WrongKey."""
    try:
        return Secrets(**json.loads(_fernet(secret_key).decrypt(sealed)))
    except (InvalidToken, ValueError, TypeError):
        pass
    # Outside of the handler: the error may have the text.
    raise WrongKey


def reseal(work: UnitOfWork, former_key: str) -> Resealed:
    """Encrypt every connection's secrets by the key of today; change nothing if one of them opens by neither key."""
    changed: dict[int, str] = {}
    closed: list[int] = []
    for connection_id, sealed in connections.lock_sealed(work.session).items():
        if _opens(sealed, work.settings.secret_key):
            continue
        if _opens(sealed, former_key):
            changed[connection_id] = seal(unseal(sealed, former_key), work.settings.secret_key)
        else:
            closed.append(connection_id)
    if closed:
        return Resealed(closed=closed)
    for connection_id, sealed in changed.items():
        connections.note(work.session, connection_id, sealed=sealed)
    return Resealed(count=len(changed))


def _opens(sealed: str, secret_key: str) -> bool:
    try:
        unseal(sealed, secret_key)
    except WrongKey:
        return False
    return True


def _fernet(secret_key: str) -> Fernet:
    return sealing.cipher(secret_key, PURPOSE)
