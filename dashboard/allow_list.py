"""The hosts and networks beside the public internet that helpdesks may be called in: HELPDESK_ALLOW."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
LONGEST_HOST = 253
# For one machine: loopback and private networks, but no link-local ones, where clouds keep credentials.
NEARBY = "127.0.0.0/8, ::1/128, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7"


class NoHostOrNetwork(ValueError):
    """A part of the list is neither a host nor a network; the message is the part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowList:
    """Names of hosts, in the form of DNS, and networks."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def __bool__(self) -> bool:
        """Return whether it names anything."""
        return bool(self.hosts or self.networks)

    def names(self, host: str, address: str) -> bool:
        """Return whether it names the host, or a network of this address; an IPv4 address in IPv6 is itself."""
        if host.rstrip(".").lower() in self.hosts:
            return True
        found = ip_address(address)
        plain = (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
        return any(plain in network for network in self.networks)


def read(text: str) -> AllowList:
    """Return the list of a comma-separated text. Raises NoHostOrNetwork."""
    if not text.strip():
        return AllowList()
    parts = [part.strip() for part in text.split(",")]
    networks = {part: _network(part) for part in parts}
    return AllowList(
        hosts=frozenset(_host(part) for part, network in networks.items() if network is None),
        networks=tuple(network for network in networks.values() if network is not None),
    )


def _network(part: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(part)
    except ValueError:
        return None


def _host(part: str) -> str:
    """Return a host's name in the form of DNS. A last label of digits would be an address in disguise."""
    try:
        name = part.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise NoHostOrNetwork(part) from None
    labels: Sequence[str] = name.split(".")
    is_sound = len(name) <= LONGEST_HOST and all(map(LABEL.fullmatch, labels))
    if not is_sound or re.fullmatch("[0-9]+|0x[0-9a-f]*", labels[-1]):
        raise NoHostOrNetwork(part)
    return name
