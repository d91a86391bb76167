"""Stores of an environment, and what is tracked of them, that must be refused."""

from typing import Any

from support.objectstore.specs import WRONG
from support.objectstore.specs_tables import WRONG_TABLES
from support.resources.resources import Object, environment, mirror

_OBJECTS = {"name": "models", "url": "s3://ml-prod"}
_FILES = {"type": "Files", "objectStore": "models", "prefix": "indexes"}
_NEEDS = "type Files needs objectStore (the name of an entry of objectStores) and prefix"
_ADDRESS = "url must be http:// or https:// with a host, for Pgvector postgresql://"
_URL = "https://opensearch.example:9200"

_JOB = {"namespace": "ml-masking", "cronJob": "mask", "container": "mask", "variable": "INDEX"}


def _store(**fields: Any) -> Object:
    given = {"name": "vectors", "type": "OpenSearch", "url": _URL} | fields
    kept = {key: value for key, value in given.items() if value is not None}
    return environment(objectStores=[_OBJECTS], indexStores=[kept])


def _staging(**fields: Any) -> Object:
    store = {"name": "vectors", "type": "OpenSearch", "url": _URL} | fields
    return environment(role="Staging", indexStores=[store])


def _tracked(**fields: Any) -> Object:
    entry = {"production": {"store": "vectors", "alias": "products"}} | fields
    return mirror(track=[{"name": "index", "indexSnapshot": entry}])


WRONG_STORES: dict[str, tuple[Object, str]] = {
    **WRONG,
    **WRONG_TABLES,
    "an index store without address": (_store(url=None), _NEEDS),
    "an index store of files with an address": (_store(**_FILES), _NEEDS),
    "an index store of files with a Secret": (
        _store(url=None, credentialsSecretRef={"name": "s"}, **_FILES),
        _NEEDS,
    ),
    "an index store of files in no object store": (
        _store(url=None, **_FILES | {"objectStore": "others"}),
        "objectStore of an indexStores entry must be the name of an objectStores entry",
    ),
    "an index store with credentials in its address": (
        _store(url="https://me:hush@opensearch.example"),
        _ADDRESS,
    ),
    "a database by http": (_store(type="Pgvector", url="http://postgres.example/search"), _ADDRESS),
    "a database without a name": (_store(type="Pgvector", url="postgresql://host:5432"), _ADDRESS),
    "a database with TLS that trusts anybody": (
        _store(type="Pgvector", url="postgresql://host/search?sslmode=require"),
        "require, verify-ca, prefer and allow are refused",
    ),
    "an authority for a database in plain text": (
        _store(type="Pgvector", url="postgresql://host/search?sslmode=disable", caBundle="x"),
        "caBundle has no effect with ?sslmode=disable",
    ),
    "a repository of a database": (
        _store(type="Pgvector", url="postgresql://host/search", repository="r"),
        "repository is for type OpenSearch only",
    ),
    "an index store whose documents are read on and on": (
        _store(content={"interval": "5s"}),
        "interval must be at least 1m",
    ),
    "free space of production": (
        _store(minFreeSpace="20%"),
        "minFreeSpace of indexStores is for role Staging only",
    ),
    **{
        f"free space of {kind}": (
            environment(
                role="Staging",
                objectStores=[_OBJECTS],
                indexStores=[{"name": "vectors", "type": kind, "minFreeSpace": "20%", **where}],
            ),
            "minFreeSpace is for type OpenSearch only",
        )
        for kind, where in {
            "Pgvector": {"url": "postgresql://host/search"},
            "Qdrant": {"url": _URL},
            "Files": _FILES,
        }.items()
    },
    **{
        f"{field} of a store that is only compared": (
            environment(
                role=role,
                indexStores=[{"name": "vectors", "type": "Qdrant", "url": _URL, field: value}],
            ),
            f"{field} has no effect for type Qdrant",
        )
        for field, role, value in (
            ("copies", "Production", "Allowed"),
            ("keep", "Staging", 2),
            ("maskingJob", "Staging", _JOB),
        )
    },
    "free space that is no share": (_staging(minFreeSpace="lots"), "write a share of the disk"),
    "copies of staging": (
        _staging(copies="Allowed"),
        "copies of indexStores is for role Production",
    ),
    "former indexes of production": (
        _store(keep=1),
        "keep of indexStores is for role Staging only",
    ),
    "a masking job of production": (
        _store(maskingJob=_JOB),
        "maskingJob of indexStores is for role Staging only",
    ),
    "a masking job in the namespace of a team": (
        _staging(maskingJob=_JOB | {"namespace": "ml-staging"}),
        "maskingJob must be in a namespace that no team has",
    ),
    "a masking job that never has time": (
        _staging(maskingJob=_JOB | {"timeout": "0s"}),
        "timeout must be at least 1s",
    ),
    "a pattern of aliases with a slash": (_store(aliases=["a/b"]), "write an alias's name"),
    "an alias with a star": (
        _tracked(production={"store": "vectors", "alias": "*"}),
        "write the alias's exact name",
    ),
    "users of an index elsewhere": (
        _tracked(usedBy=[{"kind": "Deployment", "name": "s", "namespace": "x"}]),
        "remove namespace from staging",
    ),
    "maxBehind of an index that staging builds": (
        _tracked(compare="Content", maxBehind="1h"),
        "maxBehind is for compare: Snapshot only",
    ),
    "countTolerance of a snapshot": (
        _tracked(countTolerance="0.01"),
        "countTolerance is for compare: Content only",
    ),
    "a tolerance in percent": (
        _tracked(compare="Content", countTolerance="1%"),
        "write a share of the documents as a decimal",
    ),
}
