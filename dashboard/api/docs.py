"""A page to read the OpenAPI document: made from the document itself, without a script and without the internet."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, render_template

docs = Blueprint("docs", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    summary: str
    queries: tuple[str, ...]
    body: str | None
    answers: tuple[str, ...]


@docs.get("/api/docs")
def show() -> str:
    """Show every operation by noun, and every schema with its fields."""
    document = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    nouns = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    return render_template(
        "docs/show.html",
        info=document["info"],
        nouns=nouns,
        operations={noun: [one for one in _operations(document) if one[0] == noun] for noun in nouns},
        schemas=document.get("components", {}).get("schemas", {}),
    )


def _operations(document: dict[str, Any]) -> list[tuple[str, Operation]]:
    return [
        (operation["tags"][0], _operation(path, method, operation))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def _operation(path: str, method: str, operation: dict[str, Any]) -> Operation:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    queries = [one["name"] for one in operation.get("parameters", ()) if isinstance(one, dict) and "name" in one]
    return Operation(
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        queries=tuple(queries),
        body=body["$ref"].rsplit("/", 1)[-1] if body and "$ref" in body else None,
        answers=tuple(sorted(operation.get("responses", {}))),
    )
