"""Who wrote a field, by ``metadata.managedFields``, and giving back what we took. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

FIELD_MANAGER = "stagingmirror"

Body = Mapping[str, Any]


def owner_of(body: Body, path: Sequence[str]) -> str | None:
    """The manager of the field at ``path`` (elements of ``fieldsV1``), the latest where several
    share it. None: no manager does.
    """
    owners = [
        entry
        for entry in _entries(body)
        if not entry.get("subresource") and _has(entry.get("fieldsV1") or {}, path)
    ]
    owners.sort(key=lambda entry: str(entry.get("time", "")))
    return str(owners[-1]["manager"]) if owners else None


def is_foreign(owner: object) -> bool:
    """Whether this is the name of a manager other than us."""
    return bool(owner) and owner != FIELD_MANAGER


def our_entry(body: Body) -> Body | None:
    """The fields that are ours by an ordinary write, whole; None: there are none."""
    index = _our_index(body)
    return None if index is None else dict(_entries(body)[index]["fieldsV1"])


def giving_back(body: Body, former: Body | None) -> list[dict[str, Any]] | None:
    """A JSON patch that makes our entry what it was (``former``), so that the owner's next apply
    meets no conflict. None: it is so already.
    """
    index = _our_index(body)
    if index is None or our_entry(body) == former:
        return None
    place = f"/metadata/managedFields/{index}"
    version = body["metadata"]["resourceVersion"]
    return [
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},
        {"op": "test", "path": f"{place}/manager", "value": FIELD_MANAGER},
        {"op": "remove", "path": place}
        if former is None
        else {"op": "replace", "path": f"{place}/fieldsV1", "value": dict(former)},
    ]


def _our_index(body: Body) -> int | None:
    for index, entry in enumerate(_entries(body)):
        is_ours = entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Update"
        if is_ours and not entry.get("subresource") and "fieldsV1" in entry:
            return index
    return None


def _entries(body: Body) -> Sequence[Body]:
    return list(body["metadata"].get("managedFields") or ())


def _has(fields: Body, path: Sequence[str]) -> bool:
    """A list that is not merged by keys (in a custom resource) is one field: whoever changes one of
    its elements manages all.
    """
    part: Any = fields
    for name in path:
        if part == {} and name.startswith("k:"):
            return True
        if not isinstance(part, Mapping) or name not in part:
            return False
        part = part[name]
    return True
