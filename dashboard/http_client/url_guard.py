"""Where a webhook's URL leads: which addresses that is at this moment, and whether they may be called."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

Resolve = Callable[[str, int], Sequence[str]]
LONGEST_URL = 2_000
PORTS = {"http": 80, "https": 443}
# Of an IPv6 address that stands for an IPv4 one, the last 32 bits are that one.
TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
# Python 3.11 calls these global.
LOCAL = tuple(map(ip_network, ("192.0.0.0/24", "64:ff9b:1::/48", "2001:db8::/32", "3fff::/20", "5f00::/16")))
IN_PATHS = "/:@!$&'()*+,;=~-._%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A receiver's URL, taken apart; the host is ASCII."""

    secure: bool
    host: str
    port: int
    path: str


def parse(url: str) -> Target | None:
    """Return where the URL leads; None if it is no plain http or https URL, or carries credentials."""
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, _ascii(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if scheme not in PORTS or not host or "@" in parts.netloc or port == 0:
        return None
    path = quote(parts.path or "/", IN_PATHS) + (f"?{quote(parts.query, IN_PATHS + '?')}" if parts.query else "")
    return Target(secure=scheme == "https", host=host, port=port or PORTS[scheme], path=path)


def resolve(host: str, port: int) -> Sequence[str]:
    """Return all addresses of a host, in the order in which to try them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Say whether the address is one of the internet's, whatever it is wrapped in."""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        inner = _inner(found)
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    if any(found in network for network in LOCAL):
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to this one would end at."""
    if any(address in network for network in TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _ascii(host: str) -> str:
    """Return the host as DNS knows it; raises UnicodeError, which is a ValueError."""
    if ":" in host:
        return str(IPv6Address(host))
    encoded = host.encode("idna")
    encoded.decode("ascii").encode("idna")  # a letter that becomes a dot leaves labels that were not looked at
    return encoded.decode("ascii")
