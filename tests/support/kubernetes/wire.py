"""What an API server would answer to the hands of a refresh: objects by path, kept as told."""

import copy
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from stagingmirror.errors import Conflicted, NotThere, Refused

Object = dict[str, Any]


class Wire:
    """Answers the requests of a ``Writer``; ``calls`` are those that were no reading. Nothing
    happens by itself: what controllers would do, a test does to ``objects``.
    """

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.calls: list[str] = []
        self.silent: Exception | None = None
        """Raised by every reading."""
        self.refused: dict[str, Exception] = {}
        """By path, what a dry run raises."""
        self.admit: Callable[[Object], object] = lambda body: None
        """What mutating admission does to each object that is written."""

    def put(self, path: str, body: Object) -> Object:
        """The object is there; its metadata is completed. Collections are paths before its last
        element.
        """
        name = path.rpartition("/")[2]
        metadata = {"name": name, "uid": name, "resourceVersion": "1"}
        self.objects[path] = {**body, "metadata": {**metadata, **body.get("metadata", {})}}
        return self.objects[path]

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "",
    ) -> Any:
        if method == "GET":
            wanted = query or {}
            return self._get(path, wanted.get("labelSelector", "" if "limit" in wanted else None))
        sent: Any = body
        if (query or {}).get("dryRun"):
            return self._rehearsed(method, path, sent)
        policy = sent["propagationPolicy"] if method == "DELETE" else ""
        self.calls.append(f"{method} {path} {policy}".strip())
        match method:
            case "POST":
                return self._create(f"{path}/{sent['metadata']['name']}", sent)
            case "DELETE" if policy == "Foreground":
                self._there(path)["metadata"]["deletionTimestamp"] = "now"
            case "DELETE":
                del self.objects[path]
            case _:
                _change(self._there(path), sent)
                self.admit(self.objects[path])
                version = int(self.objects[path]["metadata"]["resourceVersion"]) + 1
                self.objects[path]["metadata"]["resourceVersion"] = str(version)
        return copy.deepcopy(self.objects.get(path, {"kind": "Status"}))

    async def pages(
        self, path: str, *, limit: int, shape: Callable[[Object], Any]
    ) -> AsyncIterator[Object]:
        found = await self.request("GET", path, query={"labelSelector": ""})
        yield {"metadata": {}, "items": [shape(each) for each in found["items"]]}

    def _rehearsed(self, method: str, path: str, sent: Object) -> Object:
        """What a dry run is answered with; nothing is kept, and no call counted."""
        if path in self.refused:
            raise self.refused[path]
        if method == "POST":
            answer = copy.deepcopy(sent)
        else:
            answer = copy.deepcopy(self._there(path))
            _change(answer, sent)
        self.admit(answer)
        return answer

    def _get(self, path: str, labels: str | None) -> Object:
        if self.silent is not None:
            raise self.silent
        if labels is None:
            return copy.deepcopy(self._there(path))
        found = [
            copy.deepcopy(body)
            for place, body in self.objects.items()
            if place.rpartition("/")[0] == path
            and _selected(body["metadata"].get("labels") or {}, labels)
        ]
        return {"items": found}

    def _create(self, path: str, body: Object) -> Object:
        if path in self.objects:
            raise Conflicted("AlreadyExists", path)
        body = copy.deepcopy(body)
        self.admit(body)
        return copy.deepcopy(self.put(path, body))

    def _there(self, path: str) -> Object:
        if path not in self.objects:
            raise NotThere("NotFound", path)
        return self.objects[path]


def _selected(labels: Mapping[str, str], selector: str) -> bool:
    wanted = [each.partition("=") for each in selector.split(",") if each]
    return all(
        labels.get(name) == value if sign else name in labels for name, sign, value in wanted
    )


def _change(into: Object, sent: Any) -> None:
    """By a JSON patch or a merge patch. Raises Refused where a test of the former fails."""
    if isinstance(sent, list):
        after = patched(into, sent)
        into.clear()
        into.update(after)
    else:
        _merge(into, copy.deepcopy(sent))


def _merge(into: Object, patch: Object) -> None:
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


def patched(body: Object, operations: Sequence[Object]) -> Object:
    """A JSON patch (RFC 6902) as the API server applies it: whole, or Refused (a 422) where a test
    fails.
    """
    whole = copy.deepcopy(body)
    for each in operations:
        *way, last = (_plain(part) for part in each["path"].split("/")[1:])
        part: Any = whole
        try:
            for name in way:
                part = part[int(name)] if isinstance(part, list) else part[name]
            at: Any = int(last) if isinstance(part, list) else last
            match each["op"]:
                case "test":
                    assert part[at] == each["value"]
                case "remove":
                    del part[at]
                case "replace":
                    assert part[at] is not None
                    part[at] = copy.deepcopy(each["value"])
                case "add":
                    part[at] = copy.deepcopy(each["value"])
                case other:
                    raise Refused("Invalid", f"{other} is no operation")
        except (KeyError, IndexError, AssertionError):
            raise Refused("Invalid", f"{each['op']} {each['path']} does not hold") from None
    return whole


def _plain(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
