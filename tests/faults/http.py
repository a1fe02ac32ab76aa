"""A helpdesk's program: it calls the API, and says again what was not answered."""

import http.client
import json
from dataclasses import dataclass
from typing import Any

from tests.waiting import PATIENCE


class Failed(Exception):
    """Nobody answered, or the answer was no."""


@dataclass(frozen=True, slots=True)
class Api:
    """One connection per call: a connection that a killed process left behind costs nothing."""

    port: int
    token: str
    host: str = "127.0.0.1"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return what was answered; raises Failed."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(repr(error)) from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise Failed(f"{answer.status}: {said.decode(errors='replace')[:300]}")
        return json.loads(said) if said else None
