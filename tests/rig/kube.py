"""The API server as tests ask it: plain dicts, one connection each, nothing cached but names.

Independent of the operator's own client on purpose: a test that uses what it tests sees nothing.
"""

import http.client
import json
import ssl
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

Object = dict[str, Any]
_TIMEOUT_SECONDS = 30.0
PATCHES = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}


class Refused(Exception):
    """The API server answered with an error; `code` is the HTTP status, the text its message,
    `causes` the fields at fault, each with its own message.
    """

    def __init__(self, code: int, message: str, causes: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.causes = tuple(causes)


class Kube:
    """One identity at one API server."""

    def __init__(self, server: str, ca: Path, token: str) -> None:
        self.server = server
        self._ca = ca
        self._token = token
        self._resources: dict[tuple[str, str], tuple[str, bool]] = {}

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._ca))

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        timeout: float = _TIMEOUT_SECONDS,
    ) -> Any:
        """The decoded answer, or its text where it is not JSON. `Refused` from 400 on."""
        address = urlsplit(self.server)
        assert address.hostname is not None
        connection = http.client.HTTPSConnection(
            address.hostname, address.port, timeout=timeout, context=self._tls
        )
        try:
            headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
            if body is not None:
                headers["Content-Type"] = content_type
            connection.request(
                method, path, None if body is None else json.dumps(body).encode(), headers
            )
            answer = connection.getresponse()
            text = answer.read().decode()
            is_json = "json" in answer.headers.get("Content-Type", "")
        finally:
            connection.close()
        decoded = json.loads(text) if is_json and text else text
        if answer.status >= 400:
            refusal = decoded if isinstance(decoded, dict) else {}
            causes = (refusal.get("details") or {}).get("causes") or ()
            raise Refused(
                answer.status,
                refusal.get("message", text),
                [(cause.get("field", ""), cause.get("message", "")) for cause in causes],
            )
        return decoded

    def create(self, thing: Mapping[str, Any]) -> Object:
        path = self._path(*_address(thing), name=None)
        return dict(self.request("POST", path, thing))

    def apply(self, *things: Mapping[str, Any], manager: str = "rig") -> list[Object]:
        """Server-side apply, by force, of each of these in order."""
        query = urlencode({"fieldManager": manager, "force": "true"})
        return [
            self.request(
                "PATCH",
                f"{self._path(*_address(thing), name=thing['metadata']['name'])}?{query}",
                thing,
                content_type=PATCHES["apply"],
            )
            for thing in things
        ]

    def get(self, api: str, kind: str, name: str, namespace: str | None = None) -> Object:
        return dict(self.request("GET", self._path(api, kind, namespace, name=name)))

    def find(self, api: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """As `get`, and None where there is none."""
        try:
            return self.get(api, kind, name, namespace)
        except Refused as refused:
            if refused.code == 404:
                return None
            raise

    def list(
        self, api: str, kind: str, namespace: str | None = None, *, labels: str = ""
    ) -> list[Object]:
        query = f"?{urlencode({'labelSelector': labels})}" if labels else ""
        return list(
            self.request("GET", self._path(api, kind, namespace, name=None) + query)["items"]
        )

    def patch(
        self,
        api: str,
        kind: str,
        name: str,
        namespace: str | None,
        patch: object,
        *,
        how: str = "merge",
        subresource: str = "",
        manager: str = "rig",
    ) -> Object:
        """`how` is one of PATCHES; `subresource` e.g. "status" or "scale"."""
        path = self._path(api, kind, namespace, name=name) + (
            f"/{subresource}" if subresource else ""
        )
        query = urlencode({"fieldManager": manager} | ({"force": "true"} if how == "apply" else {}))
        return dict(self.request("PATCH", f"{path}?{query}", patch, content_type=PATCHES[how]))

    def delete(
        self,
        api: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        foreground: bool = False,
    ) -> None:
        """Ask for deletion and do not wait; that there is none is as good."""
        policy = {"propagationPolicy": "Foreground" if foreground else "Background"}
        try:
            self.request("DELETE", self._path(api, kind, namespace, name=name), policy)
        except Refused as refused:
            if refused.code != 404:
                raise

    def _path(self, api: str, kind: str, namespace: str | None, *, name: str | None) -> str:
        plural, namespaced = self._resource(api, kind)
        words = ["api" if "/" not in api else "apis", api]
        if namespaced and namespace:
            words += ["namespaces", namespace]
        words.append(plural)
        if name is not None:
            words.append(name)
        return "/" + "/".join(quote(word, safe="/:") for word in words)

    def _resource(self, api: str, kind: str) -> tuple[str, bool]:
        if (api, kind) not in self._resources:
            listed = self.request("GET", f"/{'api' if '/' not in api else 'apis'}/{api}")
            for resource in listed["resources"]:
                if "/" not in resource["name"]:
                    place = resource["name"], resource["namespaced"]
                    self._resources[api, resource["kind"]] = place
        return self._resources[api, kind]


def _address(thing: Mapping[str, Any]) -> tuple[str, str, str | None]:
    return thing["apiVersion"], thing["kind"], thing["metadata"].get("namespace")
