"""Text that Postgres can store: without zero bytes and half surrogate pairs."""

import re

UNKEPT = re.compile("[\0\ud800-\udfff]")


def can_be_kept(text: str) -> bool:
    """Return True if Postgres can store the text."""
    return not UNKEPT.search(text)


def kept(text: str) -> str:
    """Return the text with a replacement character for each character that Postgres refuses."""
    return UNKEPT.sub("\ufffd", text)
