"""Encryption of what users entrust to us, by keys that are derived from SECRET_KEY: one for each purpose."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def cipher(secret_key: str, purpose: bytes) -> Fernet:
    """Return the cipher of a purpose."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret_key.encode())
    return Fernet(urlsafe_b64encode(key))
