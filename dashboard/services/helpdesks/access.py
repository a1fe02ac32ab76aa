"""The way to a helpdesk: its kind, its credentials, and its adapter on the gate that all processes share."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module

from dashboard.helpdesks.port import Helpdesk, HelpdeskForbids, HelpdeskHttp
from dashboard.helpdesks.values import Features, HelpdeskKind
from dashboard.http_client.helpdesk_client import HelpdeskClient, Urgency
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks import credentials
from dashboard.services.helpdesks.credentials import WrongKey
from dashboard.store.helpdesks import connections
from dashboard.store.helpdesks.connections import ConnectionRow

MakeHelpdesk = Callable[[HelpdeskHttp, Mapping[str, str]], Helpdesk]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialField:
    """A field of the credentials: its name in the API and its label on the page; a secret one is never shown."""

    name: str
    label: str
    is_secret: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterKind:
    """A kind of helpdesk: its label, its adapter as `module:class`, and its credentials.

    `ways` are the sets of fields of which one must be complete; fields outside of them may be added. With `has_groups`,
    an inbox may be restricted to the members of a group there.
    """

    label: str
    adapter: str
    fields: tuple[CredentialField, ...]
    ways: tuple[frozenset[str], ...]
    has_groups: bool = False

    def make(self) -> MakeHelpdesk:
        """Return the adapter's class; it also has `features`."""
        module, _, name = self.adapter.partition(":")
        made: MakeHelpdesk = getattr(import_module(module), name)
        return made

    @property
    def features(self) -> Features:
        """Return the features of this kind of helpdesk."""
        found: Features = getattr(self.make(), "features")  # noqa: B009  of the class, which a callable does not have
        return found

    def accepts(self, given: Mapping[str, str]) -> bool:
        """Return whether these credentials are complete and have no unknown field."""
        filled = {name for name, value in given.items() if value.strip()}
        return set(given) <= {one.name for one in self.fields} and any(way <= filled for way in self.ways)


ADAPTERS: Mapping[HelpdeskKind, AdapterKind] = {
    HelpdeskKind.CHATWOOT: AdapterKind(
        label="Chatwoot",
        adapter="dashboard.helpdesks.chatwoot.adapter:Chatwoot",
        fields=(
            CredentialField(name="account_id", label="Account id", is_secret=False),
            CredentialField(name="token", label="Access token"),
            CredentialField(name="bot_token", label="Agent bot's access token (optional)"),
        ),
        ways=(frozenset({"account_id", "token"}),),
    ),
    HelpdeskKind.LIBREDESK: AdapterKind(
        label="Libredesk",
        adapter="dashboard.helpdesks.libredesk.adapter:Libredesk",
        fields=(
            CredentialField(name="api_key", label="API key", is_secret=False),
            CredentialField(name="api_secret", label="API secret"),
        ),
        ways=(frozenset({"api_key", "api_secret"}),),
    ),
    HelpdeskKind.RT: AdapterKind(
        label="Request Tracker",
        adapter="dashboard.helpdesks.rt.adapter:RequestTracker",
        fields=(
            CredentialField(name="user", label="User", is_secret=False),
            CredentialField(name="password", label="Password"),
            CredentialField(name="token", label="Authentication token"),
        ),
        ways=(frozenset({"user", "password"}), frozenset({"token"})),
        has_groups=True,
    ),
}


@contextmanager
def helpdesk_of(work: UnitOfWork, connection: ConnectionRow, urgency: Urgency) -> Iterator[Helpdesk]:
    """Yield the connection's helpdesk for calls of this urgency. Raises HelpdeskForbids if its credentials are closed.

    The session is used before the helpdesk is yielded, and not after.
    """
    sealed = connections.sealed_of(work.session, connection.id)
    try:
        secrets = credentials.unseal(sealed, work.settings.secret_key)
    except WrongKey as error:
        raise HelpdeskForbids(error.sentence, fix=error.fix) from None
    gate = work.helpdesk_gates.of(connection.account_id, connection.id, calls_per_second=connection.calls_per_second)
    http = HelpdeskClient(connection.url, gate, work.helpdesk_transports, urgency=urgency)
    yield ADAPTERS[connection.kind].make()(http, secrets.credentials)
