"""Comparison of names: two names with the same appearance are equal."""

import re
import unicodedata

# Zero-width space, word joiner, byte order mark, soft hyphen. Joiners stay: some scripts need them.
UNSEEN = re.compile("[\u200b\u2060\ufeff\u00ad]")


def visible(text: str) -> str:
    """Return the text in NFC without zero-width characters."""
    return text if text.isascii() else unicodedata.normalize("NFC", UNSEEN.sub("", text))


def folded(name: str) -> str:
    """Return the key of a name: without case, extra spaces and zero-width characters, in NFC."""
    if not name.isascii():
        seen = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
        name = unicodedata.normalize("NFC", seen)
    return " ".join(name.casefold().split())
