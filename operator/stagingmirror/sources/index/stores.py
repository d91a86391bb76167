"""Which class reads, and which writes, a store of each type."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from stagingmirror.api.spec.environment.index_store import IndexStore
from stagingmirror.drift.facts import Why
from stagingmirror.errors import CannotRefresh, NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.index.files.place import Place
from stagingmirror.sources.index.files.reader import FilesReader
from stagingmirror.sources.index.files.writer import FilesWriter
from stagingmirror.sources.index.http_store import HttpStore
from stagingmirror.sources.index.opensearch.client import OpenSearchServer
from stagingmirror.sources.index.opensearch.reader import OpenSearchReader
from stagingmirror.sources.index.opensearch.writer import OpenSearchWriter
from stagingmirror.sources.index.pgvector.database import Database, Limits, Login, address_of
from stagingmirror.sources.index.pgvector.reader import PgvectorReader
from stagingmirror.sources.index.pgvector.writer import PgvectorWriter
from stagingmirror.sources.index.qdrant.claims import rights_of
from stagingmirror.sources.index.qdrant.client import QdrantServer
from stagingmirror.sources.index.qdrant.reader import QdrantReader
from stagingmirror.sources.index.store import IndexReader, IndexWriter
from stagingmirror.sources.source import Access, Basic, Credentials, Token
from stagingmirror.sources.wire import trust

T = TypeVar("T")
S = TypeVar("S", bound=HttpStore)

# Environment, operation, result, seconds.
OnServerCall = Callable[[str, str, str, float], None]


class Stores:
    """Makes no call. ``folder`` gives the folder of an environment's object store, by the store's
    name and a path below it.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        on_call: OnServerCall,
        folder: Callable[[str, str, str], Place],
    ) -> None:
        self._settings = settings
        self._on_call = on_call
        self._folder = folder

    def reader(
        self, environment: str, store: IndexStore, login: Credentials | None
    ) -> IndexReader | Why:
        """A Why where the store cannot be used as it is described."""
        match store.type:
            case "Files":
                return FilesReader(self._place(environment, store))
            case "OpenSearch":
                return self._opened(OpenSearchReader, environment, store, login)
            case "Pgvector":
                return self._database(PgvectorReader, environment, store, login, reads_only=True)
            case "Qdrant":
                return self._qdrant(environment, store, login)

    def writer(
        self, environment: str, store: IndexStore, login: Credentials | None
    ) -> IndexWriter | Why:
        """The same for a store that is written."""
        match store.type:
            case "Files":
                return FilesWriter(self._place(environment, store))
            case "OpenSearch":
                return self._opened(OpenSearchWriter, environment, store, login)
            case "Pgvector":
                return self._database(PgvectorWriter, environment, store, login, reads_only=False)
            case "Qdrant":
                return Why(
                    Reason.NOT_SUPPORTED,
                    f"index store {store.name} is of type Qdrant, which is compared and never "
                    "written; set compare: Content and mode: Report.",
                )

    def _place(self, environment: str, store: IndexStore) -> Place:
        assert store.object_store is not None, "a rule of the spec"
        assert store.prefix is not None, "a rule of the spec"
        return self._folder(environment, store.object_store, store.prefix)

    def _opened(
        self,
        kind: Callable[[OpenSearchServer, str | None], T],
        environment: str,
        store: IndexStore,
        login: Credentials | None,
    ) -> T | Why:
        server = self._server(OpenSearchServer, environment, store, login)
        return server if isinstance(server, Why) else kind(server, store.repository)

    def _qdrant(
        self, environment: str, store: IndexStore, login: Credentials | None
    ) -> QdrantReader | Why:
        if isinstance(login, Basic):
            return Why(
                Reason.SECRET_INCOMPLETE,
                f"indexStores[{store.name}]: its Secret must hold token: a key, or a JWT.",
            )
        server = self._server(QdrantServer, environment, store, login)
        return server if isinstance(server, Why) else QdrantReader(server, rights_of(login))

    def _server(
        self, kind: type[S], environment: str, store: IndexStore, login: Credentials | None
    ) -> S | Why:
        assert store.url is not None, "a rule of the spec"
        try:
            return kind(
                store.url,
                field=f"indexStores[{store.name}]",
                credentials=login,
                ca_bundle=store.ca_bundle,
                proxy=None,
                settings=self._settings,
                on_call=partial(self._on_call, environment),
            )
        except NeedsHuman as error:
            return Why(error.reason, error.message)

    def _database(
        self,
        kind: Callable[[Database], T],
        environment: str,
        store: IndexStore,
        login: Credentials | None,
        *,
        reads_only: bool,
    ) -> T | Why:
        assert store.url is not None, "a rule of the spec"
        field = f"indexStores[{store.name}]"
        if not isinstance(login, Basic):
            return Why(
                Reason.SECRET_INCOMPLETE,
                f"{field}: its Secret must hold username and password of a role of PostgreSQL.",
            )
        try:
            address = address_of(store.url, f"{field}.url")
            tls = trust(store.ca_bundle, field) if address.tls else None
        except NeedsHuman as error:
            return Why(error.reason, error.message)
        database = Database(
            address,
            Login(login.username, login.password),
            tls=tls,
            reads_only=reads_only,
            limits=Limits(
                call=self._settings.upstream_timeout, idle=self._settings.artifact_timeout
            ),
            on_call=partial(self._on_call, environment),
        )
        return kind(database)


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


def no_store(environment: str, store: str) -> Why:
    return Why(
        Reason.NO_INDEX_STORE,
        f'environment "{environment}" has no indexStores entry {store}; ask its owner to add it.',
    )


def may_be_productions(
    mine: tuple[str, str], theirs: tuple[str, str], *, proven: bool
) -> CannotRefresh:
    """Why nothing is written to a store of an environment that is, or may be, production's."""
    called = f'index store {mine[1]} of "{mine[0]}"'
    other = f'{theirs[1]} of production\'s environment "{theirs[0]}"'
    if proven:
        what = f"{called} is {other}, and nothing is written there."
        return CannotRefresh(Reason.PRODUCTION_IS_READ_ONLY, what)
    return CannotRefresh(
        Reason.STORE_NOT_PROVEN,
        f"{called} is not proven to be another than {other}: which system one of them is was not "
        "seen yet.",
    )
