"""Names: visible text that does not change the display of the text around it."""

import re
import unicodedata
from typing import Any

from marshmallow import ValidationError, validate

from dashboard.services.core.form_fields import Text, Unique, of_length

MOST_SKILLS, LONGEST_SKILL = 100, 100
UNSEEN = "Must have a visible character."
# Characters with the category of letters or signs that are blank on every screen: Hangul fillers, empty Braille.
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Unassigned characters count as visible, because a later Unicode may define them, such as new emoji.
VISIBLE = frozenset({"L", "N", "P", "S", "Cn"})
# Controls, formats, surrogates, private characters; line and paragraph separators.
REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Unassigned code points that Unicode defines as noncharacters or as ignorable.
NEVER = re.compile("[\u2065\ufdd0-\ufdef\ufff0-\ufff8\ufffe\uffff\U000e0000-\U000e0fff]")
# Visible formats: signs of Arabic, Syriac and Kaithi around numbers.
SEEN = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")
# Indic and Arabic scripts and emoji need joiners between two characters; flags of regions contain tag characters.
JOINED = re.compile("(?<=\\S)[\u200c\u200d](?=\\S)|(?<=\U0001f3f4)[\U000e0020-\U000e007e]+\U000e007f")


class Name(Text):
    """A name: not blank, and without invisible characters or changes of text direction."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs)
        for character in _unseen(name):
            raise ValidationError(f"Must not contain U+{ord(character):04X}, which cannot be seen.")
        if name and not any(map(_is_visible, name)):
            raise ValidationError(UNSEEN)
        return name


class NameFromOutside(Name):
    """A customer's own name: forbidden characters are removed, so that the form does not refuse the customer."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str):
            value = value.translate(dict.fromkeys(map(ord, _unseen(value))))
        return super()._deserialize(value, attr, data, **kwargs)


def skill_name() -> Name:
    """Return the field of a skill's name."""
    return Name(validate=of_length(LONGEST_SKILL))


class Skills(Unique):
    """Names of skills, kept as written; of names that differ only in case, the first."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(skill_name(), validate=validate.Length(max=MOST_SKILLS), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found: dict[str, str] = {}
        for name in super()._deserialize(value, attr, data, **kwargs):
            found.setdefault(name.casefold(), name)
        return tuple(found.values())


def _unseen(name: str) -> list[str]:
    """Return the characters of a name that are invisible or change the text direction."""
    plain = SEEN.sub("", JOINED.sub("", name))
    return [one for one in plain if unicodedata.category(one) in REFUSED or NEVER.match(one)]


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return character not in BLANK and not VISIBLE.isdisjoint((category, category[0]))
