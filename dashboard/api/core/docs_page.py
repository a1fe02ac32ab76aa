"""A page that shows the OpenAPI document, without scripts and without access to the internet."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, render_template

docs = Blueprint("docs", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseDoc:
    """A status and the schema of its body."""

    status: str
    schema: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path."""

    noun: str
    method: str
    path: str
    summary: str
    parameters: tuple[str, ...]
    body: str | None
    answers: tuple[ResponseDoc, ...]


@docs.get("/api/docs")
def show() -> str:
    """Show every operation by noun, and every schema with its fields."""
    document = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    nouns = {tag["name"]: tag["description"] for tag in document["tags"]}
    operations = _operations(document)
    return render_template(
        "docs/show.html",
        info=document["info"],
        nouns=nouns,
        operations={noun: [one for one in operations if one.noun == noun] for noun in nouns},
        schemas=document["components"]["schemas"],
    )


def _operations(document: dict[str, Any]) -> list[Operation]:
    return [
        _operation(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def _operation(path: str, method: str, operation: dict[str, Any]) -> Operation:
    return Operation(
        noun=operation["tags"][0],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        parameters=tuple(one["name"] for one in operation.get("parameters", ())),
        body=_schema(operation.get("requestBody", {})),
        answers=tuple(
            ResponseDoc(status=status, schema=_schema(said))
            for status, said in sorted(operation["responses"].items())
            if status.startswith("2")
        ),
    )


def _schema(said: dict[str, Any]) -> str | None:
    """Return the name of the schema of a request's or an answer's body."""
    schema = said.get("content", {}).get("application/json", {}).get("schema", {})
    return schema["$ref"].rsplit("/", 1)[-1] if "$ref" in schema else None
