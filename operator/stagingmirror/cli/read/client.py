"""What the commands request from the API server: mirrors, holds, and one Lease.

Dicts come in here and go out as ``Mirror`` and ``Settled``. Nothing else is read: no Secret, no
workload, no MLflow.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from stagingmirror.api.status import unsettled
from stagingmirror.api.types.base import API_VERSION, GROUP, VERSION
from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.read.freshness import Settled
from stagingmirror.cli.read.holds import Hold, read_holds
from stagingmirror.cli.read.mirror import Mirror, read
from stagingmirror.cli.read.where import Where
from stagingmirror.errors import Conflicted, NotAllowed, NotAnswered, NotThere
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.client import KubernetesClient

LEASE = "stagingmirror"
SETTLED_AT = f"{GROUP}/settled-at"
# Of one call, in seconds.
TIMEOUT = 15.0
MERGE = "application/merge-patch+json"
# What a person writes is not the operator's.
MANAGER = {"fieldManager": "kubectl-stagingmirror"}


class MirrorClient:
    """One person at one API server."""

    def __init__(self, client: KubernetesClient, where: Where) -> None:
        self._client = client
        self.where = where
        self.namespace = where.namespace or client.namespace

    @property
    def everywhere(self) -> bool:
        return self.where.all_namespaces

    async def mirrors(self, names: Iterable[str] = ()) -> list[Mirror]:
        """Those that are named, in this order, else all. ``NotThere`` where one is not, or none."""
        if wanted := list(names):
            return [await self.mirror(name) for name in wanted]
        where = f"/apis/{API_VERSION}/stagingmirrors" if self.everywhere else self._path()
        found = [self._read(body) async for body in self._bodies(where)]
        if not found:
            place = "this cluster" if self.everywhere else f"namespace {self.namespace}"
            raise NotThere(Reason.NO_MIRROR, f"there is no StagingMirror in {place}")
        return sorted(found, key=lambda mirror: mirror.path)

    async def mirror(self, name: str) -> Mirror:
        """``name`` or ``namespace/name``."""
        namespace, _, name = name.rpartition("/")
        path = self._path(namespace or self.namespace, name)
        try:
            return self._read(await self._client.request("GET", path))
        except NotThere:
            message = f"there is no StagingMirror {name} in namespace {namespace or self.namespace}"
            raise NotThere(Reason.NO_MIRROR, message) from None

    async def settled(self) -> Settled:
        """Until when every status was true, from the leader's Lease."""
        namespace = self.where.operator_namespace
        path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{LEASE}"
        flags = self.where.flags
        see = f"kubectl -n {namespace} get pods{flags}"
        try:
            lease = await self._client.request("GET", path)
        except NotThere:
            why = f"there is no operator in namespace {namespace} (--operator-namespace)"
            return Settled(None, why, see)
        except NotAllowed:
            why = f"you may not read Lease {LEASE} of namespace {namespace} (the chart's Role)"
            see = f"kubectl -n {namespace} get lease {LEASE}{flags}"
            return Settled(None, why, see, forbidden=True)
        annotations = lease["metadata"].get("annotations") or {}
        at = parse_time(annotations.get(SETTLED_AT))
        left_out = str(annotations.get(unsettled.ANNOTATION) or "")
        return Settled(at, "no operator has settled a verdict yet", see, unsettled=left_out)

    async def now(self) -> float:
        """POSIX s by the API server's clock: this machine's may be wrong, and old would seem fresh.

        Raises NotAnswered where its answers tell no time.
        """
        if self._client.clock.now() is None:
            await self.settled()
        now = self._client.clock.now()
        if now is None:
            message = "the API server's answers have no Date; what is between us?"
            raise NotAnswered(Reason.GARBAGE, message)
        return now

    async def annotate(self, mirror: Mirror, key: str, token: str) -> None:
        """Leave a token on the mirror."""
        body = {"metadata": {"annotations": {f"{GROUP}/{key}": token}}}
        path = self._path(mirror.namespace, mirror.name)
        await self._client.request("PATCH", path, body=body, content_type=MERGE, query=MANAGER)

    async def withdraw(self, mirror: Mirror, key: str, token: str) -> bool:
        """Remove a token, unless the operator has taken it up, or another one is there."""
        path, name = self._path(mirror.namespace, mirror.name), f"{GROUP}/{key}"
        body = await self._client.request("GET", path)
        metadata, seen = body["metadata"], read(body)
        if (metadata.get("annotations") or {}).get(name) != token or _is_taken(seen, token):
            return False
        fence = {"resourceVersion": metadata["resourceVersion"], "annotations": {name: None}}
        try:
            await self._client.request(
                "PATCH", path, body={"metadata": fence}, content_type=MERGE, query=MANAGER
            )
        except Conflicted:
            return False
        return True

    async def create_hold(self, name: str, spec: Mapping[str, Any]) -> None:
        body = {
            "apiVersion": API_VERSION,
            "kind": "MirrorHold",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": dict(spec),
        }
        await self._client.request("POST", self._holds(), body=body, query=MANAGER)

    async def hold(self, name: str) -> dict[str, Any]:
        """One MirrorHold. ``NotThere``."""
        return await self._client.request("GET", f"{self._holds()}/{name}")

    async def holds(self) -> list[dict[str, Any]]:
        """All of the namespace."""
        return [body async for body in self._bodies(self._holds())]

    async def holds_of(self, mirrors: Iterable[Mirror]) -> list[Hold] | None:
        """Those of the mirrors' namespaces; None where they may not be read."""
        paths = [f"/apis/{API_VERSION}/mirrorholds"]
        if not self.everywhere:
            paths = [self._holds(each) for each in sorted({m.namespace for m in mirrors})]
        try:
            return read_holds([body for path in paths async for body in self._bodies(path)])
        except NotAllowed:
            return None

    async def delete_hold(self, name: str) -> None:
        await self._client.request("DELETE", f"{self._holds()}/{name}")

    def command(self, verb: str) -> str:
        """A command of ours as it is typed to do this here."""
        return f"kubectl stagingmirror {verb} -n {self.namespace}{self.where.own_flags}"

    def _read(self, body: Mapping[str, Any]) -> Mirror:
        return read(body, flags=self.where.own_flags)

    async def _bodies(self, path: str) -> AsyncIterator[dict[str, Any]]:
        async for page in self._client.pages(path):
            for body in page["items"]:
                yield body

    def _path(self, namespace: str | None = None, name: str | None = None) -> str:
        place = f"/apis/{GROUP}/{VERSION}/namespaces/{namespace or self.namespace}/stagingmirrors"
        return f"{place}/{name}" if name else place

    def _holds(self, namespace: str | None = None) -> str:
        return f"/apis/{GROUP}/{VERSION}/namespaces/{namespace or self.namespace}/mirrorholds"


def _is_taken(mirror: Mirror, token: str) -> bool:
    refresh = mirror.status.refresh
    handled = {mirror.status.handled_check_at, mirror.status.handled_refresh_at}
    return token in handled or (refresh is not None and refresh.token == token)


@asynccontextmanager
async def connected(where: Where) -> AsyncIterator[MirrorClient]:
    """Log in as kubectl would."""
    client = await KubernetesClient.connect(
        kubeconfig=where.kubeconfig, context=where.context, timeout=TIMEOUT
    )
    async with client:
        yield MirrorClient(client, where)
