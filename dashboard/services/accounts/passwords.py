"""Password hashes (argon2)."""

from base64 import b64decode
from collections.abc import Collection
from datetime import datetime
from functools import cache
from hmac import compare_digest
from threading import BoundedSemaphore

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError

from dashboard.services.accounts.account_forms import NewPassword
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.refusals import Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import log_ins
from dashboard.store.accounts.sessions import Viewer

WRONG = "This is not your password."

# With the cost of the library's defaults; another password of the same person is hashed like the one before.
HASHER = PasswordHasher()
# Each hash takes 64 MiB and four cores: with one for every thread, strangers filled the memory with log-ins.
HASHES_AT_ONCE = 2
_hashes = BoundedSemaphore(HASHES_AT_ONCE)


def of_address(work: UnitOfWork, email: str, password: str) -> str:
    """Hash a password with the salt that all passwords of this email address share, in every account.

    A log-in then needs one comparison, so its duration does not show how many accounts use the address.
    """
    return hashed(password, like=log_ins.a_hash_of(work.session, email))


def replace(work: UnitOfWork, viewer: Viewer, wanted: NewPassword, *, now: datetime) -> int | Invalid:
    """Replace the viewer's password after a check of the current one, and return the id of the log-in.

    Every session that the old password opened ends.
    """
    known = log_ins.lock(work.session, viewer.account_id, viewer.user_id)
    if known is None or not matches(known.password_hash, wanted.current):
        return invalid("current", WRONG)
    log_ins.choose_password(work.session, known.id, hashed(wanted.password, like=known.password_hash), now)
    said = AuditedChange(subject="agent", subject_id=viewer.user_id, before={}, after={"password": "set"})
    audit_log.write(work, viewer.account_id, said, ActorContext(actor_id=viewer.user_id, now=now))
    return known.id


def hashed(password: str, like: str | None = None) -> str:
    """Return the argon2 hash of a password; `like` supplies the salt and the cost."""
    if like is None:
        with _hashes:
            return HASHER.hash(password)
    hasher = PasswordHasher.from_parameters(extract_parameters(like))
    salt = like.split("$")[-2]
    with _hashes:
        return hasher.hash(password, salt=b64decode(f"{salt}=="))


def matches(password_hash: str | None, password: str) -> bool:
    """Return True if the password belongs to this hash."""
    return bool(matching({password_hash} if password_hash else set(), password))


def matching(hashes: Collection[str], password: str) -> frozenset[str]:
    """Return the hashes of this password among the given ones.

    The duration is the same for no hash, for one hash, and for several hashes with one salt.
    """
    by_salt = {one.rpartition("$")[0]: one for one in hashes or [_of_nobody()]}
    tried = [_tried(password, like) for like in by_salt.values()]
    return frozenset(one for one in hashes if any(compare_digest(one, other) for other in tried))


def _tried(password: str, like: str) -> str:
    try:
        return hashed(password, like=like)
    except InvalidHashError:
        return ""


@cache
def _of_nobody() -> str:
    """Return a hash of no user, with the usual cost of a comparison."""
    return hashed("nobody")
