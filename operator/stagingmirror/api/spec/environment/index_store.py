"""Where the indexes are that search is served from."""

from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from stagingmirror.api.spec.environment.server import (
    PLAIN_ADDRESS,
    SecretReference,
    is_plain_address,
)
from stagingmirror.api.spec.offers import matches
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import (
    FOLDER,
    Duration,
    Label,
    Namespace,
    ObjectName,
    Rule,
    TextRule,
    VariableName,
    at_least,
    shape,
    unique,
)

IndexStoreType = Literal["OpenSearch", "Pgvector", "Files", "Qdrant"]
Copies = Literal["Never", "AfterJob", "Allowed"]

_DATABASE = r"^postgresql://[^/@?#:\s]+(:[0-9]{1,5})?/[^/@?#\s]+(\?sslmode=(disable|verify-full))?$"
# Asks for a connection without TLS.
PLAIN_TEXT = "?sslmode=disable"
_ADDRESS = (
    "url must be http:// or https:// with a host, for Pgvector postgresql://host:port/database, "
    "and without credentials, '?' and '#'; credentials belong in credentialsSecretRef. The one "
    "parameter of Pgvector is sslmode: verify-full (the default) or disable (plain text, also of "
    "the password); require, verify-ca, prefer and allow are refused, since they trust any "
    "certificate, or none"
)
# Names in all of the stores: of an alias, a view, a pointer object.
_NAME = r"^[A-Za-z0-9*_][-A-Za-z0-9_.*]*$"

AliasName = Annotated[
    str,
    Field(min_length=1, max_length=63),
    shape(
        r"^[A-Za-z0-9_][-A-Za-z0-9_.]*$",
        "write the alias's exact name, in letters, digits and - _ .",
    ),
]
_AliasPattern = Annotated[
    str,
    Field(min_length=1, max_length=63),
    shape(_NAME, "write an alias's name, in letters, digits and - _ ., or one with *"),
]


class IndexContentReading(Model):
    """How the documents of an index are read."""

    interval: Annotated[
        Duration, at_least("1m", "interval must be at least 1m, else documents are read on and on")
    ] = "6h"
    """How often documents are counted and a sample of them is read, also where the store reports no
    change. At least 1m.
    """


class MaskingJob(Model):
    """A Job made from this CronJob, with the variable set to the name of the restored index."""

    namespace: Namespace
    """The CronJob's. No environment may list it: whoever may write there decides what is run on
    production's texts.
    """
    cron_job: ObjectName
    """Name of the CronJob; it may be suspended."""
    container: Label
    """The container whose variable is set."""
    variable: VariableName
    """The variable that gets the name of the index: of Files the folder's, below prefix."""
    timeout: Annotated[
        Duration, at_least("1s", "timeout must be at least 1s, else no masking job can end")
    ] = "2h"
    """How long it may take."""

    @property
    def named(self) -> str:
        """What runs, without how long it may take."""
        return f"{self.namespace}/{self.cron_job} {self.container} {self.variable}"


# What says something of copies only, which Qdrant neither gives nor gets.
_OF_COPIES = {"copies": "copies", "keep": "keep", "masking_job": "maskingJob"}


def _never_written(field: str, name: str) -> Rule:
    return Rule(
        cel=f"!has(self.{name}) || self.type != 'Qdrant'",
        message=f"{name} has no effect for type Qdrant, which is only compared; remove it",
        holds=lambda store: getattr(store, field) is None or store.type != "Qdrant",
    )


class IndexStore(Model):
    """A store of indexes. Production's is only ever read."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel=(
                "self.type == 'Files' ? has(self.objectStore) && has(self.prefix)"
                " && !has(self.url) && !has(self.credentialsSecretRef)"
                " : has(self.url) && !has(self.objectStore) && !has(self.prefix)"
            ),
            message=(
                "type Files needs objectStore (the name of an entry of objectStores) and prefix,"
                " and has neither url nor credentialsSecretRef; every other type needs url, the"
                " address of its server, and has neither objectStore nor prefix"
            ),
            holds=lambda store: _is_complete(store),
        ),
        Rule(
            cel=(
                f"!has(self.url) || (self.type == 'Pgvector' ? self.url.matches(r'{_DATABASE}') : "
                f"({PLAIN_ADDRESS.format('self.url')}))"
            ),
            message=_ADDRESS,
            holds=lambda store: store.url is None or _is_address(store),
        ),
        *(_never_written(field, name) for field, name in _OF_COPIES.items()),
        Rule(
            cel="!has(self.repository) || self.type == 'OpenSearch'",
            message="repository is for type OpenSearch only; remove it",
            holds=lambda store: store.repository is None or store.type == "OpenSearch",
        ),
        Rule(
            cel="!has(self.minFreeSpace) || self.type == 'OpenSearch'",
            message=(
                "minFreeSpace is for type OpenSearch only: other stores do not show how much room"
                " they have; remove it"
            ),
            holds=lambda store: store.min_free_space is None or store.type == "OpenSearch",
        ),
        Rule(
            cel=f"!has(self.caBundle) || !has(self.url) || !self.url.endsWith('{PLAIN_TEXT}')",
            message=f"caBundle has no effect with {PLAIN_TEXT}, which is plain text; remove one",
            holds=lambda store: store.ca_bundle is None or not str(store.url).endswith(PLAIN_TEXT),
        ),
    )

    name: Label
    """Name of the store, unique in the environment."""
    type: IndexStoreType
    """OpenSearch (also Elasticsearch), Pgvector (PostgreSQL), Files (folders of an object store,
    e.g. of FAISS), or Qdrant, which is only compared.
    """
    url: Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    """Address of the server, e.g. https://opensearch.ml-prod.svc:9200, or of the database:
    postgresql://host:5432/database. The database is only connected to over TLS, unless it ends in
    ?sslmode=disable: then the password is sent in plain text.
    """
    object_store: Label | None = None
    """Files: name of the entry in objectStores that the folders are in."""
    prefix: (
        Annotated[
            str,
            Field(min_length=1, max_length=512),
            shape(FOLDER, "write a folder below url of the object store, e.g. indexes/products"),
        ]
        | None
    ) = None
    """Files: the folder that holds a folder for each build, and the pointer."""
    credentials_secret_ref: SecretReference | None = None
    """A Secret in the operator's own namespace with the keys username and password, or token. It
    must carry the label stagingmirror.dev/environment with the name of this environment.
    """
    ca_bundle: Annotated[str, Field(max_length=65536)] | None = None
    """Certificate authorities (PEM) that the server's certificate is checked against. Omitted:
    those of the operator's image.
    """
    aliases: Annotated[tuple[_AliasPattern, ...], unique(most=256)] = ()
    """Aliases that an indexSnapshot may name: of Pgvector views, of Files pointer objects; * stands
    for any characters. Facts of their indexes are shown: names of fields, counts, settings, never a
    document. None by default.
    """
    repository: (
        Annotated[
            str,
            Field(min_length=1, max_length=255),
            shape(r"^[A-Za-z0-9_][-A-Za-z0-9_.]*$", "write the repository's name in this store"),
        ]
        | None
    ) = None
    """OpenSearch: the name that the repository of production's snapshots has on this side. Staging
    must have it registered with readonly: true. Omitted: there are no snapshots.
    """
    copies: Copies | None = None
    """Production only: whether staging may get copies of the indexes, which hold the texts of
    people. Never (default); AfterJob: only where staging's environment has a maskingJob, which is
    run before the copy is served; Allowed.
    """
    masking_job: MaskingJob | None = None
    """Staging only: run on each restored index before an alias leads to it. Until it has ended well
    the index is called smir-unmasked-…, and if it fails that is removed.
    """
    keep: Annotated[int, Field(ge=0, le=32)] | None = None
    """Staging only: how many former indexes of an indexSnapshot stay, beside the one that is
    served. After a refresh has succeeded, older ones that refreshes of that mirror made are
    removed, unless an alias, a workload or another refresh names them. Omitted: none is ever
    removed.
    """
    content: IndexContentReading = IndexContentReading()
    """How often documents are read."""
    min_free_space: (
        Annotated[
            str,
            Field(max_length=4),
            shape(r"^([0-9]|[1-9][0-9])%$", "write a share of the disk as 0% to 99%, e.g. 20%"),
        ]
        | None
    ) = None
    """Staging only, of type OpenSearch: nothing is restored that would leave less of the disk free.
    Other stores do not show how much room they have. Default: 20%.
    """

    @property
    def connection(self) -> "IndexStore":
        """Only what leads to it: without what is offered of it, and how it is read."""
        return IndexStore(
            name=self.name,
            type=self.type,
            url=self.url,
            object_store=self.object_store,
            prefix=self.prefix,
            credentials_secret_ref=self.credentials_secret_ref,
            ca_bundle=self.ca_bundle,
            repository=self.repository,
        )

    def offers(self, alias: str) -> bool:
        """Whether an indexSnapshot may name this alias. In a database ``*`` does not stand for a
        point: what is in another schema is offered by a name with that schema.
        """
        if self.type != "Pgvector":
            return matches(self.aliases, alias)
        schemas = alias.count(".")
        return matches(tuple(each for each in self.aliases if each.count(".") == schemas), alias)


def store_named(name: str, stores: tuple[IndexStore, ...]) -> IndexStore | None:
    return next((each for each in stores if each.name == name), None)


def offered_alias(name: str, stores: tuple[IndexStore, ...]) -> bool:
    """Whether a ``store/alias`` may be named."""
    store, _, alias = name.partition("/")
    found = store_named(store, stores)
    return found is not None and found.offers(alias)


def may_be_copied(name: str, stores: tuple[IndexStore, ...], *, masked: bool) -> bool:
    """``masked``: whether staging's masking job runs on what is copied."""
    found = store_named(name, stores)
    allowed = ("Allowed", "AfterJob") if masked else ("Allowed",)
    return found is not None and found.copies in allowed


def masks(job: str, stores: tuple[IndexStore, ...]) -> bool:
    """Whether a store has this masking job: ``store: named``."""
    name, _, named = job.partition(": ")
    found = store_named(name, stores)
    return found is not None and found.masking_job is not None and found.masking_job.named == named


def _is_complete(store: IndexStore) -> bool:
    if store.type == "Files":
        has_place = store.object_store is not None and store.prefix is not None
        return has_place and store.url is None and store.credentials_secret_ref is None
    return store.url is not None and store.object_store is None and store.prefix is None


def _is_address(store: IndexStore) -> bool:
    assert store.url is not None
    if store.type != "Pgvector":
        return is_plain_address(store.url)
    return _DATABASE_RULE.holds(store.url) and urlsplit(store.url).hostname is not None


_DATABASE_RULE: TextRule = shape(_DATABASE, _ADDRESS)
