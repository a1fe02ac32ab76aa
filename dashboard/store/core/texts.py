"""Text that Postgres can keep: neither a zero byte nor half a character."""

import re

UNKEPT = re.compile("[\0\ud800-\udfff]")


def can_be_kept(text: str) -> bool:
    """Tell whether Postgres takes the text as it is."""
    return not UNKEPT.search(text)


def kept(text: str) -> str:
    """Return the text with a replacement character for each one that Postgres refuses."""
    return UNKEPT.sub("\ufffd", text)
