"""Names: text that a reader can see, and that leaves the text around it alone."""

import re
import unicodedata
from typing import Any

from marshmallow import ValidationError

from dashboard.services.core.form_fields import Text

UNSEEN = "Must have a visible character."
# Letters and signs by their category, and blank on every screen: Hangul fillers and the empty Braille pattern.
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Unassigned ones are seen too: those of a later Unicode, such as new emoji.
VISIBLE = frozenset({"L", "N", "P", "S", "Cn"})
# Controls, formats, halves, private characters; breaks of lines and paragraphs.
REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Unassigned, and no character or to be ignored in every Unicode.
NEVER = re.compile("[\u2065\ufdd0-\ufdef\ufff0-\ufff8\ufffe\uffff\U000e0000-\U000e0fff]")
# Formats that are seen: signs of Arabic, Syriac and Kaithi that stand around numbers.
SEEN = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")
# Between two characters Indic and Arabic scripts and emoji need a joiner; a flag of a region is spelt with tags.
JOINED = re.compile("(?<=\\S)[\u200c\u200d](?=\\S)|(?<=\U0001f3f4)[\U000e0020-\U000e007e]+\U000e007f")


class Name(Text):
    """A name: not blank, and without characters that cannot be seen or that turn the direction of others."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        for character in _unseen(name):
            raise ValidationError(f"Must not contain U+{ord(character):04X}, which cannot be seen.")
        if name and not any(map(_is_visible, name)):
            raise ValidationError(UNSEEN)
        return name


class NameFromOutside(Name):
    """A name that a customer chose: without the characters that a name must not have, so that nobody is turned away."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str):
            value = value.translate(dict.fromkeys(map(ord, _unseen(value))))
        return super()._deserialize(value, attr, data, **kwargs)


def _unseen(name: str) -> list[str]:
    """Return the characters of a name that cannot be seen, or that turn the direction of others."""
    plain = SEEN.sub("", JOINED.sub("", name))
    return [one for one in plain if unicodedata.category(one) in REFUSED or NEVER.match(one)]


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return character not in BLANK and not VISIBLE.isdisjoint((category, category[0]))
