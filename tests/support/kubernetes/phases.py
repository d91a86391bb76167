"""A workload that real controllers lead through its phases, with every answer on the way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.sources.kubernetes.subjects import OWN, Workload, WorkloadSubject
from stagingmirror.view import Observed
from support.kubernetes.cluster_bodies import bare_deployment
from support.kubernetes.cluster_watch import Watching, watching
from support.kubernetes.pods import place, play
from support.operators.waiting import holds

Body = dict[str, Any]
SETTLED = "settled"
DIGEST = "sha256:aa"


class Phases:
    """Workload ``web`` of two pods, which is looked at whenever something changes."""

    def __init__(
        self, kube: Kube, namespace: str, seen: Watching, kind: WorkloadKind, spec: Body
    ) -> None:
        self.kube, self.namespace, self.kind = kube, namespace, kind
        self.said: list[str] = []
        # An answer about an older generation is about what was before the last patch.
        self._generation = 0
        self._source = seen.source
        self._subject = WorkloadSubject(OWN, kind, namespace, "web")
        seen.source.want(self._subject, 30.0)
        seen.heard = self._heard
        body = bare_deployment(namespace, replicas=2)
        body["kind"] = kind
        body["spec"] |= {"serviceName": "web"} if kind == "StatefulSet" else {}
        body["spec"] |= spec
        kube.apply(body)

    def _heard(self) -> None:
        found = self.workload()
        if found is None or found.generation >= self._generation:
            self.said.append(self.reason())

    def workload(self) -> Workload | None:
        found = self._source.get(self._subject)
        return found.value if isinstance(found, Observed) else None

    def reason(self) -> str:
        found = self.workload()
        if found is None:
            return "not there"
        if found.unsettled is not None:
            return str(found.unsettled.reason)
        return SETTLED if not found.pods or any(pod.ready for pod in found.pods) else "none ready"

    def images(self) -> set[str]:
        """Of all pods that the API server has, the terminating ones too."""
        pods = self.kube.list("v1", "Pod", self.namespace)
        return {pod["spec"]["containers"][0]["image"] for pod in pods}

    def patch(self, spec: Body) -> None:
        patch = {"spec": spec}
        body = self.kube.patch("apps/v1", self.kind, "web", self.namespace, patch, how="strategic")
        self._generation = body["metadata"]["generation"]

    def roll_out(self, image: str) -> None:
        self.patch({"template": {"spec": {"containers": [{"name": "app", "image": image}]}}})

    async def is_said(self, reason: str, *, within: float = 20) -> None:
        """Until the answer is this one; pods are left as they are."""
        await holds(lambda: self.reason() == reason, within=within)

    def observed(self) -> int:
        """The generation that its controller has seen."""
        body = self.kube.get("apps/v1", self.kind, "web", self.namespace)
        return int(body["status"]["observedGeneration"])

    async def is_at(self, generation: int) -> None:
        """Until the source has seen that the controller has seen it."""

        def caught_up() -> bool:
            found = self.workload()
            return (
                found is not None
                and found.generation == generation
                and bool(found.revision)
                and self.observed() == generation
            )

        await holds(caught_up)

    async def settles(self, image: str, *, pods: int = 2) -> None:
        """Pods start and end until all there are run this image, and that is what is said."""

        def settled() -> bool:
            place(self.kube, self.namespace)
            play(self.kube, self.namespace, DIGEST)
            found = self.workload()
            ready = [] if found is None else [pod for pod in found.pods if pod.ready]
            shown = {pod.containers["app"].image for pod in ready}
            return (
                (self.reason(), len(ready)) == (SETTLED, pods)
                and shown == ({image} if pods else set())
                and self.images() == shown
            )

        await holds(settled, within=40)


@asynccontextmanager
async def phases(
    control_plane: ControlPlane, kube: Kube, namespace: str, kind: WorkloadKind, **spec: Any
) -> AsyncIterator[Phases]:
    async with watching(control_plane.kubeconfig, namespace) as seen:
        made = Phases(kube, namespace, seen, kind, spec)
        await made.settles("app:1")
        made.workload()
        made.said.clear()
        yield made
