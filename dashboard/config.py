"""Typed settings, read once from the environment and from instance/config.py."""

import os
import runpy
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from dashboard import allow_list, private, starting
from dashboard.allow_list import AllowList
from dashboard.mail import MailServer, server_of
from dashboard.starting import CannotStart

E = TypeVar("E", bound=StrEnum)
ROOT = Path(__file__).resolve().parent.parent
# Of the kept secret, which has 64 characters: the rest of a file after a power cut or an edit must sign nothing.
SHORTEST_SECRET = 32
DEFAULTS = {
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "SECRET_KEY": "",
    "AUTO_ASSIGNMENT_BULK_LIMIT": "100",
    "ASSIGNMENT_SWEEP_MINUTES": "30",
    "PRESENCE_DURATION": "60",
    "RATE_LIMIT_ON_FAILURE": "open",
    "RUN_RETENTION_DAYS": "180",
    "METRICS_TOKEN": "",
    "WEBHOOK_ALLOW_PRIVATE": "0",
    "HELPDESK_ALLOW": "",
    "LOG_FORMAT": "console",
    "TRUSTED_PROXIES": "0",
    "PUBLIC_URL": "",
    "SMTP_URL": "",
    "API_RATE_LIMIT": "100",
}


class OnFailure(StrEnum):
    """The answer of a rate limit that cannot be read: open allows, closed refuses."""

    OPEN = "open"
    CLOSED = "closed"


class LogFormat(StrEnum):
    """The format of a log line."""

    CONSOLE = "console"
    JSON = "json"


class BadSetting(CannotStart):
    """A setting is invalid; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of an instance."""

    instance: Path
    database_url: str
    redis_url: str
    secret_key: str
    bulk_limit: int
    sweep_minutes: int
    presence_seconds: int
    rate_limit_on_failure: OnFailure
    run_retention_days: int
    metrics_token: str
    webhook_allow_private: bool
    helpdesk_allow: AllowList
    log_format: LogFormat
    trusted_proxies: int
    public_url: str
    mail_server: MailServer | None
    api_rate_limit: int


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; the environment overrides instance/config.py.

    Raises CannotStart, which names the setting or the file.
    """
    env = os.environ if environment is None else environment
    instance = _instance(env.get("EVENHAND_INSTANCE") or ROOT / "instance")
    said = {**DEFAULTS, **_from_file(instance / "config.py"), **{k: env[k] for k in DEFAULTS if k in env}}
    return Settings(
        instance=instance,
        database_url=_postgres_url(said["DATABASE_URL"]),
        redis_url=_redis_url(said["REDIS_URL"]),
        secret_key=said["SECRET_KEY"] or _kept_secret(instance),
        bulk_limit=_whole(said, "AUTO_ASSIGNMENT_BULK_LIMIT", 1, 10_000),
        sweep_minutes=_whole(said, "ASSIGNMENT_SWEEP_MINUTES", 1, 24 * 60),
        presence_seconds=_whole(said, "PRESENCE_DURATION", 1, 86_400),
        rate_limit_on_failure=_one_of(said, "RATE_LIMIT_ON_FAILURE", OnFailure),
        run_retention_days=_whole(said, "RUN_RETENTION_DAYS", 1, 36_500),
        metrics_token=said["METRICS_TOKEN"],
        webhook_allow_private=_switch(said, "WEBHOOK_ALLOW_PRIVATE"),
        helpdesk_allow=_allow_list(said["HELPDESK_ALLOW"]),
        log_format=_one_of(said, "LOG_FORMAT", LogFormat),
        trusted_proxies=_whole(said, "TRUSTED_PROXIES", 0, 10),
        public_url=_public_url(said["PUBLIC_URL"]),
        mail_server=_mail_server(said["SMTP_URL"], said["PUBLIC_URL"]),
        api_rate_limit=_whole(said, "API_RATE_LIMIT", 1, 100_000),
    )


def _instance(given: str | Path) -> Path:
    try:
        return Path(given).resolve()
    except (OSError, RuntimeError) as error:  # a link that leads to itself
        raise BadSetting(f"EVENHAND_INSTANCE is no folder ({error}): choose another.") from error


def _from_file(path: Path) -> dict[str, str]:
    try:
        names = runpy.run_path(str(path)) if path.exists() else {}
    except (Exception, SystemExit) as error:
        raise BadSetting(f"{path} cannot be read ({_in_a_line(error)}): mend it or move it away.") from error
    return {name: str(value) for name, value in names.items() if name in DEFAULTS}


def _in_a_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _whole(said: Mapping[str, str], name: str, least: int, most: int) -> int:
    text = said[name].strip()
    if not text.isascii() or not text.isdigit() or len(text) > 18 or not least <= int(text) <= most:
        raise BadSetting(f"{name} must be a whole number from {least} to {most}, not {said[name]!r}.")
    return int(text)


def _one_of(said: Mapping[str, str], name: str, kind: type[E]) -> E:
    try:
        return kind(said[name])
    except ValueError:
        raise BadSetting(f"{name} must be {' or '.join(kind)}, not {said[name]!r}.") from None


def _switch(said: Mapping[str, str], name: str) -> bool:
    answers = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}
    if (answer := answers.get(said[name].lower())) is None:
        raise BadSetting(f"{name} must be 1 or 0, not {said[name]!r}.")
    return answer


def _allow_list(text: str) -> AllowList:
    try:
        return allow_list.read(text)
    except allow_list.NoHostOrNetwork as error:
        sentence = "HELPDESK_ALLOW must have hosts or networks such as desk.example or 10.0.0.0/8, with commas between"
        raise BadSetting(f"{sentence}; {str(error)!r} is neither.") from None


def _postgres_url(url: str) -> str:
    """Return the URL with the included driver, or "" for the embedded server."""
    scheme, _, rest = url.partition("://")
    if url and (scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest):
        raise BadSetting("DATABASE_URL must start with postgresql://.")
    _expect_a_port("DATABASE_URL", url)
    return f"postgresql+psycopg://{rest}" if url else ""


def _redis_url(url: str) -> str:
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        raise BadSetting("REDIS_URL must start with redis://, rediss:// or unix://.")
    _expect_a_port("REDIS_URL", url)
    return url


def _expect_a_port(name: str, url: str) -> None:
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise BadSetting(f"{name} has no host and port that can be called: correct what follows ://.") from error


def _public_url(url: str) -> str:
    """Return the base of links without a trailing slash, or "" to use the host of each request."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if url and (not sound or not url.isprintable() or set(url) & set("?#@ ")):
        raise BadSetting(f"PUBLIC_URL must be an address such as https://evenhand.example, not {url!r}.")
    return url.rstrip("/")


def _mail_server(url: str, public_url: str) -> MailServer | None:
    """Return the server that mails invitations, None without SMTP_URL."""
    if not url:
        return None
    try:
        server = server_of(url)
    except (ValueError, KeyError) as error:
        sentence = (
            "SMTP_URL must be an address such as smtp://user:password@mail.example:587?from=evenhand@example.com."
        )
        raise BadSetting(sentence) from error
    if not public_url:
        raise BadSetting("SMTP_URL needs PUBLIC_URL: the links in mails begin with it.")
    return server


def _kept_secret(instance: Path) -> str:
    """Return the secret of instance/, created at the first start."""
    path = instance / "secret_key"
    try:
        instance.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            private.write_once(path, secrets.token_urlsafe(48))
        private.close(path)
        kept = path.read_text("utf-8", errors="replace").strip()
    except OSError as error:
        raise starting.unusable(path, error) from error
    if len(kept) < SHORTEST_SECRET or not kept.isprintable() or "\N{REPLACEMENT CHARACTER}" in kept:
        raise BadSetting(f"{path} holds no secret: put a copy of it back, or remove it, and everybody logs in again.")
    return kept
