"""HTTP that is never used: an adapter verifies and reads webhooks without a call."""

from collections.abc import Mapping, Sequence

from dashboard.helpdesks.port import Answer


class Offline:
    """Implements the port's HTTP by refusing every call."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Raise: an arriving webhook must wait for no helpdesk."""
        raise RuntimeError(f"GET {path} while a webhook arrives")

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Raise: an arriving webhook must wait for no helpdesk."""
        raise RuntimeError(f"{method} {path} while a webhook arrives")
