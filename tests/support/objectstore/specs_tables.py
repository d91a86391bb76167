"""Settings that are tables, and must be refused."""

from typing import Any

from support.resources.resources import Object, mirror

_TABLE = {"store": "lake", "path": "customers"}
_READERS = [{"kind": "Deployment", "name": "a"}]
_NO_FORM = "a version of staging's table has neither a form nor workloads"


def _of(production: Object | None = None, staging: Object | None = None, **entry: Any) -> Object:
    spec = {"production": production or {"table": _TABLE}, "staging": staging or {}}
    return mirror(track=[{"name": "customers", "setting": spec, **entry}])


WRONG_TABLES: dict[str, tuple[Object, str]] = {
    "a table of staging beside a ConfigMap of production": (
        _of({"configMap": {"name": "a", "key": "b"}}, {"table": _TABLE}),
        "staging.table is for a table in production",
    ),
    "readers of a table in production": (
        _of({"table": _TABLE, "usedBy": _READERS}),
        "usedBy of production is not for a table",
    ),
    "a version of a table in another form": (_of(staging={"value": "masked/{value}"}), _NO_FORM),
    "workloads that start with a table": (_of(staging={"usedBy": _READERS}), _NO_FORM),
    "a refresh of a table that nothing loads": (
        _of(mode="Refresh"),
        "only a loader writes a table of staging",
    ),
    "a table outside its store": (
        _of({"table": {"store": "lake", "path": "../other"}}),
        "write the table's folder below url of the store",
    ),
}
