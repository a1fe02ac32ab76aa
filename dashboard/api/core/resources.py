"""What the modules of nouns are made of: a blueprint, a list's envelope, and a service's "no" as a status."""

from functools import cache
from typing import Any, TypeVar

from flask import Flask
from flask_smorest import Blueprint
from marshmallow import Schema, fields, post_load
from werkzeug.routing import IntegerConverter

from dashboard import http
from dashboard.api.core import auth, etags, queries
from dashboard.api.core.errors import refuse
from dashboard.api.core.parsing import Parser
from dashboard.services.core.form_fields import LARGEST_ID, AddressNumber
from dashboard.services.core.refusals import Conflict, Invalid, Stale
from dashboard.store.core.paging import Page

T = TypeVar("T")
MOST_PER_PAGE = 100
LAST_PAGE = 10**9


class ApiBlueprint(Blueprint):
    """The routes of one noun, below its account; views do not take the account, the caller has it."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, description: str) -> None:
        prefix = "/api/v1/accounts/<id:account_id>"
        super().__init__(name, __name__, url_prefix=prefix, description=description)
        self._prepare_doc_cbks += [_document_headers, etags.document]
        self.url_value_preprocessor(auth.take_account)
        self.before_request(auth.authenticate)
        self.before_request(queries.check)
        self.before_request(etags.refuse_if_untagged)

    def arguments(self, schema: Any, *, location: str = "json", **options: Any) -> Any:
        """Take arguments; a body is required unless all of it may be left out."""
        if location == "json":
            options.setdefault("required", not _may_be_left_out(schema))
        take = super().arguments(schema, location=location, **options)
        return queries.naming(schema, take) if location == "query" else take

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **options: Any
    ) -> None:
        """Serve the address with and without a slash at its end; a view that writes is a unit of work."""
        super().add_url_rule(rule, endpoint, http.finishing(view_func), *args, strict_slashes=False, **options)


def _may_be_left_out(schema: Any) -> bool:
    """Say whether a call makes sense without a body: a change of nothing does."""
    return isinstance(schema, Schema) and schema.partial is True


def _document_headers(doc: dict[str, Any], doc_info: dict[str, Any], **_: object) -> dict[str, Any]:
    """Tell of the headers that a view takes."""
    if headers := doc_info.get("headers"):
        doc.setdefault("parameters", []).extend(headers)
    return doc


class IdConverter(IntegerConverter):
    """An id in a path, in the digits of ASCII; what Postgres could not look up is not there."""

    regex = "[0-9]+"

    def __init__(self, url_map: Any) -> None:
        super().__init__(url_map, min=1, max=LARGEST_ID)


class PageQuery(Schema):
    """Which page of a list."""

    page = AddressNumber(1, LAST_PAGE, load_default=1)
    per_page = AddressNumber(1, MOST_PER_PAGE, load_default=25)

    @post_load
    def make(self, data: dict[str, int], **_: object) -> Page:
        """Return the page that the store takes."""
        return Page(**data)


class MetaSchema(Schema):
    """How many there are in all, and which page this is."""

    count = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


@cache
def listing(item: type[Schema]) -> type[Schema]:
    """Return the schema of a list: {"data": [...], "meta": {"count", "page", "per_page"}}."""
    name = f"{item.__name__.removesuffix('Schema')}ListSchema"
    parts = {"data": fields.List(fields.Nested(item)), "meta": fields.Nested(MetaSchema)}
    return Schema.from_dict(parts, name=name)


def no_content(value: T | Invalid | Conflict | None) -> T:
    """Return what a service answered, or end the request with its refusal."""
    if value is None:
        refuse(404)
    if isinstance(value, Stale):
        refuse(412)
    if isinstance(value, Invalid):
        refuse(422, errors=value.errors)
    if isinstance(value, Conflict):
        refuse(409, value.sentence)
    return value


def add_converters(app: Flask) -> None:
    """Make <id:...> known in paths."""
    app.url_map.converters["id"] = IdConverter
