"""A desk whose wire is a dict: the API server of one test, as far as the commands ask it."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from stagingmirror.cli.read.client import LEASE, SETTLED_AT, MirrorClient
from stagingmirror.cli.read.where import Where
from stagingmirror.errors import Conflicted, NotThere
from stagingmirror.sources.kubernetes.api.client import KubernetesClient

OPERATOR = "stagingmirror-system"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{OPERATOR}/leases"
MIRRORS = "/apis/stagingmirror.dev/v1alpha1/namespaces/ml-staging/stagingmirrors"
HOLDS = "/apis/stagingmirror.dev/v1alpha1/namespaces/ml-staging/mirrorholds"

Object = dict[str, Any]


class Wire:
    """Objects by path. ``before`` is told of each request first; it may change them or raise.
    ``ahead``: seconds by which the server's clock is ahead of this machine's; None: it has none.
    """

    namespace = "ml-staging"

    def __init__(self, *mirrors: Object, settled_at: str | None = None) -> None:
        self.objects = {f"{MIRRORS}/{each['metadata']['name']}": each for each in mirrors}
        self.ahead: float | None = 0.0
        self.clock = self
        self.before: Callable[[str, str], None] = lambda method, path: None
        if settled_at is not None:
            lease = {"metadata": {"annotations": {SETTLED_AT: settled_at}}}
            self.objects[f"{LEASES}/{LEASE}"] = lease

    def now(self) -> float | None:
        """As ``KubernetesClient.clock.now``."""
        return None if self.ahead is None else time.time() + self.ahead

    async def request(
        self, method: str, path: str, *, body: Object | None = None, **_: object
    ) -> Object:
        self.before(method, path)
        if method == "POST":
            assert body is not None
            path = f"{path}/{body['metadata']['name']}"
            if path in self.objects:
                raise Conflicted("AlreadyExists", f"{path} is there already")
            self.objects[path] = body
        if path not in self.objects:
            raise NotThere("NotFound", f"{path} is not there")
        return self.objects.pop(path) if method == "DELETE" else self.objects[path]

    async def pages(self, path: str) -> AsyncIterator[Object]:
        self.before("GET", path)
        items = [body for at, body in self.objects.items() if at.rpartition("/")[0] == path]
        yield {"items": items}


def client(wire: Wire) -> MirrorClient:
    """Somebody at this wire."""
    return MirrorClient(cast("KubernetesClient", wire), Where(operator_namespace=OPERATOR))
