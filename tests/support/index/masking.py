"""A masking job beside two stores of files on the wire: what a kubelet and its pod would do."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from stagingmirror.actions.copies.mask_index import MaskIndex
from stagingmirror.api.spec.environment.index_store import MaskingJob
from stagingmirror.drift.steps import Produced
from support.index.files_ground import faiss_file
from support.index.ground import PLANTED
from support.index.restoring import DOCUMENTS, SWITCH, Bench, Record, bench, staging
from support.kubernetes.workloads import cron_job
from support.objectstore.fake_s3 import FakeS3

JOB = MaskingJob(
    namespace="ml-masking", cron_job="mask-index", container="load", variable="INDEX", timeout="60s"
)
CRON_JOB = "/apis/batch/v1/namespaces/ml-masking/cronjobs/mask-index"
JOBS = "/apis/batch/v1/namespaces/ml-masking/jobs"
ENVIRONMENTS = "/apis/stagingmirror.dev/v1alpha1/mirrorenvironments"
SWITCH_MASKED = replace(SWITCH, index=Produced("mask"))


@dataclass
class Masking:
    """``how`` a Job of it ends; ``masks``: whether it masks the index whose name it gets;
    ``documents``: how many it leaves in it, and whether the manifest ``declares`` them.
    """

    made: Bench
    how: str = "Complete"
    masks: bool = True
    documents: int = DOCUMENTS
    declares: bool = False
    ran: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        body = cron_job("mask-index", "ml-masking", "mask:1")
        body["metadata"]["labels"] = {}
        self.made.wire.put(CRON_JOB, body)

    def jobs(self) -> list[dict[str, Any]]:
        objects = self.made.wire.objects
        return [body for path, body in objects.items() if path.startswith(JOBS)]

    def play(self) -> None:
        """Each Job that was let run does so to its end; one that is being deleted is gone."""
        for path, job in list(self.made.wire.objects.items()):
            if not path.startswith(JOBS):
                continue
            if "deletionTimestamp" in job["metadata"]:
                del self.made.wire.objects[path]
            elif not job["spec"]["suspend"] and "status" not in job and self.how:
                (container,) = job["spec"]["template"]["spec"]["containers"]
                (index,) = [e["value"] for e in container["env"] if e["name"] == "INDEX"]
                self.ran.append(index)
                if self.masks:
                    declared = {"documents": self.documents} if self.declares else {}
                    mask(self.made.destination, index, self.documents, **declared)
                ended = {"type": self.how, "status": "True", "reason": "BackoffLimitExceeded"}
                job["status"] = {"conditions": [ended]}


def mask(store: FakeS3, index: str, vectors: int = DOCUMENTS, **more: Any) -> None:
    data = faiss_file(vectors, text="masked ")
    manifest = {**json.loads(store.objects[f"idx/{index}/manifest.json"]), **more}
    manifest["files"]["index.faiss"] = {"sha256": sha256(data).hexdigest(), "size": len(data)}
    store.objects[f"idx/{index}/index.faiss"] = data
    store.objects[f"idx/{index}/manifest.json"] = json.dumps(manifest).encode()


@asynccontextmanager
async def masking(*, copies: str = "AfterJob") -> AsyncIterator[tuple[Bench, Masking]]:
    """Where production lets staging copy only what it masks."""
    async with bench(staging()) as made:
        made.configure(copies=copies)
        yield made, Masking(made)


async def masked_record(made: Bench, masking: Masking) -> Record:
    """Of a refresh that masks what it restores."""
    restore = await made.step(masked=True)
    mask = MaskIndex.of(restore, "mask", JOB)
    found = Record((restore, mask, SWITCH_MASKED), between=masking.play)
    await found.survey(made)
    return found


def unmasked(store: FakeS3) -> list[str]:
    """What has production's texts, or the name of what has; staging's own index aside."""
    theirs = {key: data for key, data in store.objects.items() if not key.startswith("idx/b1/")}
    return [k for k, data in theirs.items() if PLANTED.encode() in data or "smir-unmasked" in k]
