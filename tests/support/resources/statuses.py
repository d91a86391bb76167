"""Statuses of mirrors as an operator would have written them, for tests of what reads them."""

from typing import Any

from stagingmirror.api.types.times import posix, rfc3339
from stagingmirror.cli.read.freshness import Settled
from stagingmirror.cli.read.mirror import Mirror, read
from support.resources.resources import mirror

NOW = posix("2026-11-22T14:00:00Z")
SETTLED = Settled(at=NOW - 1)

Object = dict[str, Any]


def ago(seconds: float, now: float = NOW) -> str:
    return rfc3339(now - seconds)


def component(
    name: str, verdict: str = "InSync", message: str = "sha256:82cb1fbc", **more: Any
) -> Object:
    return {
        "name": name,
        "kind": "pipelineImage",
        "verdict": verdict,
        "since": ago(11520),
        "observedAt": ago(12),
        "message": message,
    } | more


DRIFTED_MODEL = component(
    "fraud-model",
    "Drifted",
    "production runs version 12, staging runs version 11; contentHash and dataSnapshot differ",
    kind="modelAlias",
    production={
        "contentHash": "sha256:9f0c2b7100112233",
        "dataSnapshot": "2026-11-20",
        "signature": "same",
        "version": "12",
    },
    staging={
        "contentHash": "sha256:41d7aa0300112233",
        "dataSnapshot": "2026-11-13",
        "signature": "same",
        "version": "11",
    },
    differences=[
        {
            "fact": "contentHash",
            "production": "sha256:9f0c2b7100112233",
            "staging": "sha256:41d7aa0300112233",
        },
        {"fact": "contentHash/model.skops", "production": "sha256:c41d000011112222"},
        {"fact": "dataSnapshot", "production": "2026-11-20", "staging": "2026-11-13"},
    ],
)
HELD_ENCODER = component(
    "encoder", "Held", "held by vision-ci: candidate 14", kind="modelAlias", reason="vision-ci"
)
UNSEEN = component("index", "Unknown", "production: MLflow timed out", kind="modelAlias")


def status(*components: Object, sync: str | None = None, now: float = NOW, **more: Any) -> Object:
    """A fresh status with these components; its verdict follows from them."""
    verdicts = {each["verdict"] for each in components}
    found = next((v for v in ("Drifted", "Unknown", "Held") if v in verdicts), "InSync")
    verdict = sync or found
    whole = {
        "observedGeneration": 1,
        "sync": verdict,
        "activity": "Idle",
        "summary": f"{len(components)} tracked",
        "seen": f"{len(components)}/{len(components)}",
        "validUntil": ago(-130, now),
        "components": list(components),
    }
    if verdict == "InSync":
        whole["inSyncSince"] = ago(7200, now)
    if verdict == "Drifted":
        whole["driftedSince"] = ago(11520, now)
    return whole | more


def seen(
    *components: Object, name: str = "fraud", spec: Object | None = None, **more: Any
) -> Mirror:
    """A mirror with a fresh status, as the commands read it."""
    body = mirror(name, **(spec or {}))
    body["metadata"]["generation"] = 1
    body["status"] = status(*components, **more)
    return read(body)
