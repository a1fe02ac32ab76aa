"""The addresses behind a webhook's URL, and whether they may be called."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

Resolve = Callable[[str, int], Sequence[str]]
LONGEST_URL = 2_000
PORTS = {"http": 80, "https": 443}
# In these IPv6 networks, the last 32 bits of an address are an IPv4 address.
TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
# Python 3.11 calls these networks global.
LOCAL = tuple(map(ip_network, ("192.0.0.0/24", "64:ff9b:1::/48", "2001:db8::/32", "3fff::/20", "5f00::/16")))
IN_PATHS = "/:@!$&'()*+,;=~-._%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The parts of a receiver's URL; the host is ASCII."""

    secure: bool
    host: str
    port: int
    path: str


def parse(url: str) -> Target | None:
    """Return the URL's target; None unless it is a plain http or https URL without credentials."""
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
    """Return all addresses of a host, in the order of the attempts. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Return True for a public internet address, also within an IPv6 form of an IPv4 address."""
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
    """Return the IPv4 address that receives the packets to this address, or None."""
    if any(address in network for network in TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _ascii(host: str) -> str:
    """Return the host in the form of DNS; raises UnicodeError, which is a ValueError."""
    if ":" in host:
        return str(IPv6Address(host))
    encoded = host.encode("idna")
    encoded.decode("ascii").encode("idna")  # a letter that becomes a dot creates unchecked labels
    return encoded.decode("ascii")
