"""Whether a Rollout of Argo Rollouts has become what its template names. Pure.

``observedGeneration`` alone proves nothing: its controller also writes it where it notes a pause,
before it has read the template. What proves it is the ReplicaSet of the newest hash.
Source: argo-rollouts, rollout/sync.go (patchCondition, calculateBaseStatus).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.argo import (
    HASH_LABEL,
    awaits_promotion,
    has_spares,
    is_complete,
    position,
    promotion_step,
)
from stagingmirror.sources.kubernetes.objects.templates import containers_of
from stagingmirror.sources.kubernetes.write.containers import Body
from stagingmirror.sources.kubernetes.write.field_patch import RESTARTED_AT, annotations_of

_NO_CONTAINERS: Mapping[str, Any] = {"containers": ()}


def follows(body: Body, replica_sets: Sequence[Body]) -> bool:
    """Whether the ReplicaSet that the status calls the newest has the template that is declared:
    images, variables, and the mark of a restart.
    """
    newest = (body.get("status") or {}).get("currentPodHash")
    for made in replica_sets:
        owners = [one.get("uid") for one in made["metadata"].get("ownerReferences") or ()]
        labels = made["metadata"].get("labels") or {}
        if body["metadata"]["uid"] in owners and newest and labels.get(HASH_LABEL) == newest:
            return _runs(made["spec"]) == _runs(body["spec"])
    return False


def refuse_unmovable(name: str, spec: Body) -> None:
    """Raises StepFailed where a new template would never be promoted without a person, or is no
    field of the Rollout.
    """
    if reference := spec.get("workloadRef"):
        raise StepFailed(
            Reason.TEMPLATE_ELSEWHERE,
            f"{name} has its pod template from {reference.get('kind')} {reference.get('name')} "
            "(workloadRef), and a refresh writes none that others run; give the Rollout a template "
            "of its own.",
        )
    if (where := promotion_step(spec)) is not None:
        raise StepFailed(
            Reason.NEEDS_PROMOTION,
            f"{name} would wait until somebody promotes it ({where}); let staging's strategy go on "
            "by itself, or update it by hand.",
        )


def refuse_ended(name: str, body: Body) -> None:
    """Raises StepFailed where its update has ended or waits for a person. Only where the status is
    of the newest template.
    """
    spec, status = body["spec"], body.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition.get("type") == "InvalidSpec":
            what = f"{name} is not valid for Argo Rollouts; see its condition InvalidSpec."
            raise StepFailed(Reason.ROLLOUT_INVALID, what)
    if status.get("abort"):
        what = f"{name} was aborted and runs its former template; see its analysis runs and pods."
        raise StepFailed(Reason.ROLLOUT_ABORTED, what)
    if awaits_promotion(spec, status):
        raise StepFailed(Reason.NEEDS_PROMOTION, f"{name} waits until somebody promotes it.")


def is_promoted(body: Body, *, wanted: int) -> bool:
    """All traffic is on the newest ReplicaSet, and none of another one serves."""
    status = body.get("status") or {}
    alone = has_spares(body["spec"]) or int(status.get("replicas") or 0) == wanted
    return is_complete(status) and alone


def at(body: Body) -> str | None:
    """Where its update is, for people."""
    status = body.get("status") or {}
    return None if is_complete(status) else position(body["spec"], status) or None


def _runs(spec: Body) -> tuple[object, object]:
    template = spec.get("template") or {}
    containers = containers_of(template.get("spec") or _NO_CONTAINERS)
    return dict(containers), annotations_of(template).get(RESTARTED_AT)
