"""Building blocks of the resource modules: a blueprint, the envelope of lists, and statuses for refusals."""

from functools import cache
from typing import Any, TypeVar

from flask import Flask
from flask_smorest import Blueprint
from marshmallow import Schema, fields, post_load
from werkzeug.routing import BaseConverter, IntegerConverter

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
    """The routes of one resource below its account; views receive no account id because the caller has it."""

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
        """Take arguments; a body is required unless all of its fields are optional."""
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
    """Tell whether the body is optional: a change without fields is valid."""
    return isinstance(schema, Schema) and schema.partial is True


def _document_headers(doc: dict[str, Any], doc_info: dict[str, Any], **_: object) -> dict[str, Any]:
    """Document the headers that a view takes."""
    if headers := doc_info.get("headers"):
        doc.setdefault("parameters", []).extend(headers)
    return doc


class IdConverter(IntegerConverter):
    """An id in a path, in ASCII digits; an id beyond Postgres's range is answered with 404."""

    regex = "[0-9]+"

    def __init__(self, url_map: Any) -> None:
        super().__init__(url_map, min=1, max=LARGEST_ID)


class ExternalIdConverter(BaseConverter):
    """An id of a helpdesk in a path; `confirm` is an act on all of them."""

    regex = r"(?!confirm(?:/|$))[^/]+"


class PageQuery(Schema):
    """The page of a list."""

    page = AddressNumber(1, LAST_PAGE, load_default=1)
    per_page = AddressNumber(1, MOST_PER_PAGE, load_default=25)

    @post_load
    def make(self, data: dict[str, int], **_: object) -> Page:
        return Page(**data)


class MetaSchema(Schema):
    """The total count and the page's numbers."""

    count = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


@cache
def listing(item: type[Schema]) -> type[Schema]:
    """Return the schema of a list: {"data": [...], "meta": {"count", "page", "per_page"}}."""
    name = f"{item.__name__.removesuffix('Schema')}ListSchema"
    parts = {"data": fields.List(fields.Nested(item)), "meta": fields.Nested(MetaSchema)}
    return Schema.from_dict(parts, name=name)


def or_refuse(value: T | Invalid | Conflict | None) -> T:
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
    """Add the converters of ids for paths."""
    app.url_map.converters |= {"id": IdConverter, "external": ExternalIdConverter}
