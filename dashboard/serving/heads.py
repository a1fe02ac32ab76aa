"""Checks of a request's head: refuses heads that another program may read as a different request."""

import re
from ipaddress import IPv6Address

from waitress.parser import ParsingError

FIRST_LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Z]+ ([^\s]+) HTTP/1\.([01])\r\n")
# A path, or an absolute URL, which clients send to a proxy.
TARGET = re.compile(rb"(?:https?://([^/?#]*))?/[!-\"$-~]*", re.IGNORECASE)
# Folded lines and long runs of blanks: waitress reads them in quadratic time, 16 kB took 0.9 s.
ODD_BLANKS = re.compile(rb"\r\n[ \t]|[ \t]{32}")
FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding):[ \t]*([^\r\n]*)", re.IGNORECASE)
HOSTS = re.compile(rb"\r\nhost:[ \t]*([^\r\n]*)", re.IGNORECASE)
HOST = re.compile(r"(?:(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?|\[([0-9a-f:.]+)\])(?::([0-9]{1,5}))?")


def expect_plain(head: bytes) -> None:
    """Raise ParsingError for a head that other programs may read differently, or that waitress reads slowly."""
    first = FIRST_LINE.match(head)
    if first is None or ODD_BLANKS.search(head):
        raise ParsingError("odd blanks")
    if len(FRAMING.findall(head)) > 1:
        raise ParsingError("two lengths")
    _expect_one_host(head, target=first[1], is_old=first[2] == b"0")


def is_in_chunks(head: bytes) -> bool:
    """Return True for a chunked body; raise ParsingError for any other transfer encoding."""
    framing = FRAMING.search(head)
    if framing is None or framing[1].lower() != b"transfer-encoding":
        return False
    if framing[2].strip(b" \t").lower() != b"chunked":
        raise ParsingError("not just chunks")
    return True


def _expect_one_host(head: bytes, *, target: bytes, is_old: bool) -> None:
    hosts = [host.strip(b" \t").lower() for host in HOSTS.findall(head)]
    if len(hosts) > 1 or not (hosts or is_old) or not all(map(_is_host, hosts)):
        raise ParsingError("no host, or more than one")
    found = TARGET.fullmatch(target)
    if found is None or (found[1] is not None and [found[1].lower()] != hosts):
        raise ParsingError("a target that is no path, or of another host")


def _is_host(text: bytes) -> bool:
    found = HOST.fullmatch(text.decode("latin-1"))
    try:
        return found is not None and bool(not found[1] or IPv6Address(found[1])) and int(found[2] or 0) < 65_536
    except ValueError:
        return False
