"""The published contracts of helpdesks, which are not ours and so not in this repository."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# Where it is set, the folder of the contracts; else they may lie beside the checkout.
VARIABLE = "EVENHAND_CONTRACTS"
BESIDE = Path(__file__).parents[3] / "shared/data/contracts"
LEFT_OUT = f"The contract tests of helpdesks were left out: {VARIABLE} names no folder with contracts."


def folder() -> Path | None:
    """Return the folder of the contracts, if it is there."""
    found = Path(os.environ.get(VARIABLE) or BESIDE)
    return found if found.is_dir() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A place where a body differs from the contract. `call` is method and path as the contract writes it."""

    call: str
    place: str
    message: str


@dataclass(frozen=True, slots=True)
class Contract:
    """An OpenAPI document."""

    document: Mapping[str, Any]

    @classmethod
    def read(cls, name: str) -> "Contract":
        """Read a contract of the folder."""
        found = folder()
        assert found is not None
        return cls(json.loads((found / name).read_text()))

    def path_of(self, path: str) -> str | None:
        """Return the path as the contract writes it; None if it does not know it."""
        return next((one for one in sorted(self.document["paths"]) if _pattern(one).fullmatch(path)), None)

    def parameters(self, method: str, path: str) -> set[str]:
        """Return the names of the query's parameters."""
        found = self.document["paths"][path]
        told = [*found.get("parameters", []), *found[method.lower()].get("parameters", [])]
        told = [self._resolved(one) for one in told]
        return {str(one["name"]) for one in told if one["in"] == "query"}

    def names_of(self, schema: str) -> set[str]:
        """Return the names that a thing of the contract has."""
        found = self.document["components"]["schemas"][schema]
        parts = [self._resolved(one) for one in found.get("allOf", [found])]
        return {name for part in parts for name in part["properties"]}

    def request(self, method: str, path: str, body: object) -> Iterator[Difference]:
        """Compare a request's body."""
        told = self._resolved(self.document["paths"][path][method.lower()].get("requestBody", {}))
        yield from self._compare(f"{method} {path}", "request", told, body)

    def answer(self, method: str, path: str, status: int, body: object) -> Iterator[Difference]:
        """Compare an answer's body; a status that the contract does not know is a difference."""
        told = self.document["paths"][path][method.lower()]["responses"]
        if str(status) not in told:
            yield Difference(
                call=f"{method} {path}", place=f"answer {status}", message="The status is not in the contract."
            )
            return
        yield from self._compare(f"{method} {path}", f"answer {status}", self._resolved(told[str(status)]), body)

    def _compare(self, call: str, side: str, told: Mapping[str, Any], body: object) -> Iterator[Difference]:
        schema = told.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return
        import jsonschema_rs

        rules = {"components": self.document["components"], **schema}
        for error in jsonschema_rs.validator_for(rules).iter_errors(body):
            place = "/".join("*" if isinstance(step, int) else str(step) for step in error.instance_path)
            yield Difference(call=call, place=f"{side} {place}".rstrip(), message=error.message)

    def _resolved(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in told:
            return told
        found: Any = self.document
        for step in str(told["$ref"]).removeprefix("#/").split("/"):
            found = found[step]
        return dict(found)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
