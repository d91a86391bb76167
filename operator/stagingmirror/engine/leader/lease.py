"""What a Lease holds, and what taking, renewing and releasing it write. Pure; times are POSIX s."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stagingmirror.api.status import unsettled
from stagingmirror.api.types.times import parse_time
from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason

# Annotation: every status in the API was true as of this time (RFC 3339).
SETTLED_AT = "stagingmirror.dev/settled-at"


@dataclass(frozen=True, slots=True)
class Lease:
    """The record as read. ``body`` is the whole object: writing it loses nothing of others.
    ``version`` changes with every write; comparing it needs no clock. ``holder`` is empty where it
    was released; ``settled_at`` (POSIX s) is None where the annotation is missing or is no time.
    ``unsettled`` is the annotation that names the mirrors which it leaves out.
    """

    body: dict[str, Any]
    version: str
    holder: str
    duration: float
    transitions: int
    settled_at: float | None
    unsettled: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What the leader publishes: every status was true as of ``at`` (POSIX s), but for the mirrors
    that ``unsettled`` names, as ``api.status.unsettled`` writes them.
    """

    at: float
    unsettled: str


def read(answer: Mapping[str, Any]) -> Lease:
    """Raises NotAnswered where this is no Lease: something between us and the API server spoke."""
    try:
        metadata, spec = answer["metadata"], answer.get("spec") or {}
        annotations = metadata.get("annotations") or {}
        return Lease(
            body=dict(answer),
            version=str(metadata["resourceVersion"]),
            holder=str(spec.get("holderIdentity") or ""),
            duration=float(spec.get("leaseDurationSeconds") or 0),
            transitions=int(spec.get("leaseTransitions") or 0),
            settled_at=parse_time(annotations.get(SETTLED_AT)),
            unsettled=str(annotations.get(unsettled.ANNOTATION) or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NotAnswered(Reason.GARBAGE, "the answer is no Lease; what is between us?") from None


def fresh(namespace: str, name: str, holder: str, duration: float, now: float) -> dict[str, Any]:
    """The body that creates a Lease, held by us."""
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": round(duration),
            "acquireTime": stamp(now),
            "renewTime": stamp(now),
            "leaseTransitions": 0,
        },
    }


def taken(lease: Lease, holder: str, duration: float, now: float) -> dict[str, Any]:
    body = _written(lease, leaseDurationSeconds=round(duration), renewTime=stamp(now))
    body["spec"] |= {
        "holderIdentity": holder,
        "acquireTime": stamp(now),
        "leaseTransitions": lease.transitions + 1,
    }
    return body


def renewed(lease: Lease, settled: Settled | None, now: float) -> dict[str, Any]:
    """Carries the settled-at time along, so that publishing it costs no write of its own."""
    body = _written(lease, renewTime=stamp(now))
    if settled is not None:
        annotations = body["metadata"].setdefault("annotations", {})
        annotations[SETTLED_AT] = stamp(settled.at)
        annotations.pop(unsettled.ANNOTATION, None)
        if settled.unsettled:
            annotations[unsettled.ANNOTATION] = settled.unsettled
    return body


def released(lease: Lease, now: float) -> dict[str, Any]:
    """Without a holder, so that a standby need not wait for it to run out."""
    return _written(lease, holderIdentity="", leaseDurationSeconds=1, renewTime=stamp(now))


def stamp(at: float) -> str:
    """A MicroTime: RFC 3339, UTC, microseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _written(lease: Lease, **spec: Any) -> dict[str, Any]:
    body = copy.deepcopy(lease.body)
    body["metadata"].pop("managedFields", None)
    body["spec"] = {**(body.get("spec") or {}), **spec}
    return body
