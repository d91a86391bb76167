"""One installation per cluster, whatever its namespace: the MirrorInstallation names it.

A Lease elects one writer among the replicas of one namespace; two installations would both lead,
write every status and keep two sets of records. The claim does not expire: an installation that
is down may have left refreshes half done, and their records are in its own namespace. Its owner is
the ClusterRole of its release, so Kubernetes deletes it when the release is uninstalled.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog

from stagingmirror.api.types.base import API_VERSION, INSTALLATION
from stagingmirror.errors import Conflicted, NotAllowed, NotThere, StagingMirrorError
from stagingmirror.sources.kubernetes.api.client import KubernetesClient

log = structlog.get_logger(__name__)

# Seconds between two reads of the claim.
EVERY = 2.0
CLAIMS = f"/apis/{API_VERSION}/mirrorinstallations"
RBAC = "rbac.authorization.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Installation:
    """``release`` is the name of its ClusterRole."""

    namespace: str
    release: str

    def __str__(self) -> str:
        return f"release {self.release} in namespace {self.namespace}"


class InstallationClaim:
    """``held``: this cluster is ours, as last read. ``trouble``: why it is not."""

    def __init__(self, client: KubernetesClient, ours: Installation) -> None:
        self.held = False
        self.trouble: str | None = "the claim to this cluster was not read yet"
        self._client = client
        self._ours = ours

    async def acquire(self) -> bool:
        """Wait until the claim is ours; then True."""
        while not await self._try_to_acquire():  # noqa: ASYNC110 - a request that is retried
            await asyncio.sleep(EVERY)
        self.held, self.trouble = True, None
        return True

    async def watch(self) -> None:
        """Return once the claim is not ours any more: nothing may be written from then on."""
        while self.held:
            await asyncio.sleep(EVERY)
            try:
                holder = await self._holder()
            except StagingMirrorError:
                continue  # no answer takes nothing away; without any, the Lease is lost too
            if holder != self._ours:
                self.held = False
                self._report("the claim was deleted" if holder is None else _another(holder))

    async def _try_to_acquire(self) -> bool:
        try:
            holder = await self._holder()
            if holder is None:
                holder = await self._create()
        except StagingMirrorError as error:
            self._report(error.message)
            return False
        if holder not in (None, self._ours):
            self._report(_another(holder))
        return holder == self._ours

    async def _holder(self) -> Installation | None:
        """None: this cluster is not claimed."""
        try:
            return _read(await self._client.request("GET", f"{CLAIMS}/{INSTALLATION}"))
        except NotThere:
            return None

    async def _create(self) -> Installation | None:
        """None: another one was quicker."""
        body = {
            "apiVersion": API_VERSION,
            "kind": "MirrorInstallation",
            "metadata": {"name": INSTALLATION, "ownerReferences": await self._owners()},
            "spec": {"namespace": self._ours.namespace, "release": self._ours.release},
        }
        try:
            return _read(await self._client.request("POST", CLAIMS, body=body))
        except Conflicted:
            return None

    async def _owners(self) -> list[dict[str, Any]]:
        kind, name = "ClusterRole", self._ours.release
        try:
            role = await self._client.request("GET", f"/apis/{RBAC}/clusterroles/{name}")
        except (NotThere, NotAllowed) as error:
            log.warning(
                "the claim will outlive this installation: delete it after uninstalling",
                claim=f"mirrorinstallation/{INSTALLATION}",
                why=error.message,
            )
            return []
        uid = role["metadata"]["uid"]
        return [{"apiVersion": RBAC, "kind": kind, "name": name, "uid": uid}]

    def _report(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.error("without the claim to this cluster nothing is done", why=trouble)
        self.trouble = trouble


def _read(body: dict[str, Any]) -> Installation:
    spec = body.get("spec") or {}
    return Installation(str(spec.get("namespace")), str(spec.get("release")))


def _another(holder: Installation | None) -> str:
    return (
        f"{holder} has claimed this cluster, and there can be one installation per cluster;"
        " uninstall one of the two. If that one is gone and left no refresh open: "
        f"kubectl delete mirrorinstallation {INSTALLATION}"
    )
