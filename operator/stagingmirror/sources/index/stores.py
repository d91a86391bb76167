"""Which class reads, and which writes, a store of each type."""

from collections.abc import Callable

from stagingmirror.api.spec.environment.index_store import IndexStore
from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.index.store import IndexReader, IndexWriter
from stagingmirror.sources.source import Access, Basic, Credentials, Token

# Environment, operation, result, seconds.
OnServerCall = Callable[[str, str, str, float], None]


class Stores:
    """Makes no call."""

    def __init__(self, *, settings: Settings, on_call: OnServerCall) -> None:
        self._settings = settings
        self._on_call = on_call

    def reader(
        self, environment: str, store: IndexStore, login: Credentials | None
    ) -> IndexReader | Why:
        """A Why where the store cannot be used as it is described."""
        return self._unsupported(store)

    def writer(
        self, environment: str, store: IndexStore, login: Credentials | None
    ) -> IndexWriter | Why:
        """The same for a store that is written."""
        return self._unsupported(store)

    def _unsupported(self, store: IndexStore) -> Why:
        return Why(Reason.NOT_SUPPORTED, f"index stores of type {store.type} are not read.")


def credentials_of(store: IndexStore, access: Access | Why | None) -> Credentials | Why | None:
    """None: it names no Secret."""
    if store.credentials_secret_ref is None:
        return None
    if isinstance(access, Why):
        return access
    name = store.credentials_secret_ref.name
    missing = Why(Reason.SECRET_MISSING, f"Secret {name} was not read yet")
    found = missing if access is None else access.variables.get(name, missing)
    if isinstance(found, Why):
        return found
    if found.get("token"):
        return Token(found["token"])
    if found.get("username") and "password" in found:
        return Basic(found["username"], found["password"])
    return Why(
        Reason.SECRET_INCOMPLETE, f"Secret {name} must hold token, or username and password."
    )
