"""An API server on loopback with a few objects on it, that fails when and as a test requires."""

import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from stagingmirror.sources.kubernetes.write.writer import Writer
from support.kubernetes.api_server import Answer, an_api_server, not_found, refused

Object = dict[str, Any]
Fate = Literal["lost", "down"] | int
"""``lost``: done, without an answer. ``down``: not done, no answer. A number: refused with it."""

CONFIG_MAPS = "/api/v1/namespaces/{}/configmaps"


@dataclass
class ObjectServer:
    """``fates`` are those of the next requests whose method and path hold the key, in order; the
    last one with ``for_ever`` is that of all further ones.
    """

    objects: dict[str, Object] = field(default_factory=dict)
    fates: dict[tuple[str, str], list[Fate]] = field(default_factory=dict)
    for_ever: bool = False
    requests: list[str] = field(default_factory=list)
    _versions: "count[int]" = field(default_factory=lambda: count(1))

    def config_map(self, name: str, data: dict[str, str], namespace: str = "ml-staging") -> None:
        body = {"kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}
        self.put(f"{CONFIG_MAPS.format(namespace)}/{name}", {**body, "data": data})

    def data(self, name: str, namespace: str = "ml-staging") -> dict[str, str]:
        found: dict[str, str] = self.objects[f"{CONFIG_MAPS.format(namespace)}/{name}"]["data"]
        return found

    def put(self, path: str, body: Object) -> Object:
        """Place an object, with a version and a uid of its own."""
        body = copy.deepcopy(body)
        former = self.objects.get(path, {"metadata": {}})["metadata"]
        uid = former.get("uid") or f"uid-of-{path.rpartition('/')[2]}"
        body["metadata"] = {"uid": uid, **body["metadata"], "resourceVersion": self._version()}
        self.objects[path] = body
        return body

    def respond(self, method: str, path: str, body: Any) -> Answer:
        self.requests.append(f"{method} {path}")
        fate = self._fate(method, path)
        if isinstance(fate, int):
            return refused(fate, "Refused")
        if fate == "down":
            return refused(504, "Timeout")
        answer = self._do(method, path, body)
        return answer if fate is None else refused(504, "Timeout")

    def _fate(self, method: str, path: str) -> Fate | None:
        for (verb, part), fates in self.fates.items():
            if verb == method and part in path and fates:
                return fates[0] if self.for_ever and len(fates) == 1 else fates.pop(0)
        return None

    def _do(self, method: str, path: str, body: Any) -> Answer:
        known = self.objects.get(path)
        if method == "POST":
            return self._create(f"{path}/{body['metadata']['name']}", body)
        if known is None:
            return self._list(method, path)
        if method == "DELETE":
            del self.objects[path]
            return 200, known
        if method == "GET":
            return 200, known
        version = body["metadata"].get("resourceVersion")
        if version not in (None, known["metadata"]["resourceVersion"]):
            return refused(409, "Conflict")
        return 200, self.put(path, body if method == "PUT" else _merged(known, body))

    def _create(self, path: str, body: Object) -> Answer:
        if path in self.objects:
            return refused(409, "AlreadyExists")
        return 201, self.put(path, body)

    def _list(self, method: str, path: str) -> Answer:
        if method != "GET" or not path.endswith("s"):
            return not_found(path.rpartition("/")[2])
        items = [body for at, body in self.objects.items() if at.rpartition("/")[0] == path]
        return 200, {"kind": "List", "metadata": {}, "items": items}

    def _version(self) -> str:
        return str(next(self._versions))


@asynccontextmanager
async def a_writer(server: ObjectServer) -> AsyncIterator[Writer]:
    async with an_api_server(server.respond) as client:
        yield Writer(
            client,
            productions=frozenset,
            unproven=frozenset,
            is_elsewhere=lambda *_: None,
            leading=lambda: True,
        )


def _merged(known: Object, patch: Object) -> Object:
    """RFC 7386, two levels deep, which is all that is requests for here."""
    merged = json.loads(json.dumps(known))
    for name, part in patch.items():
        for key, value in part.items():
            merged.setdefault(name, {})[key] = value
            if value is None:
                del merged[name][key]
    return dict(merged)
