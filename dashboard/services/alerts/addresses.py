"""Addresses of alert channels, encrypted by a key that is derived from SECRET_KEY."""

from cryptography.fernet import InvalidToken

from dashboard.services.core import sealing
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.alerts import channels

PURPOSE = b"evenhand: addresses of alert channels"


def seal(address: str, secret_key: str) -> str:
    """Return the encrypted address."""
    return sealing.cipher(secret_key, PURPOSE).encrypt(address.encode()).decode()


def unseal(sealed: str, secret_key: str) -> str | None:
    """Return the address, None if another key encrypted it."""
    try:
        return sealing.cipher(secret_key, PURPOSE).decrypt(sealed).decode()
    except InvalidToken:
        return None


def reseal(work: UnitOfWork, former_key: str) -> int:
    """Encrypt the addresses of the former key by the key of today; return how many neither key opens."""
    closed = 0
    for channel_id, sealed in channels.sealed(work.session).items():
        if unseal(sealed, work.settings.secret_key) is not None:
            continue
        if (address := unseal(sealed, former_key)) is None:
            closed += 1
        else:
            channels.seal(work.session, channel_id, seal(address, work.settings.secret_key))
    return closed
