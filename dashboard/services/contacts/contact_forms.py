"""Forms for contacts."""

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.services.core.form import Form
from dashboard.services.core.form_fields import Text, of_length


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """The identifiers of two contacts: `source` is merged into `into`."""

    source: str
    into: str

    @property
    def named(self) -> Mapping[str, str]:
        """Return the identifiers by the form field that sent them."""
        return {"from": self.source, "into": self.into}


class MergeForm(Form):
    """A merge of two contacts of one person."""

    makes = Merge
    source = Text(required=True, validate=of_length(), data_key="from")
    into = Text(required=True, validate=of_length())
