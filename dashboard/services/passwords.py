"""Passwords as they are kept: argon2 hashes."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    return PasswordHasher().hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Say whether it is the password that is kept."""
    try:
        return password_hash is not None and PasswordHasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
