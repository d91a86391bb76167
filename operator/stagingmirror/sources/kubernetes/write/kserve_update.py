"""Whether a part of an InferenceService of KServe serves with what it declares. Pure.

Neither its conditions nor its ``observedGeneration`` prove it: Ready can rest on the former
version, and the generation is that of the object below. What proves it is the Deployment that
serves alone (of Knative: that of the newest revision, with all traffic) with the written fields.
"""

from collections.abc import Sequence

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.entries import Serving
from stagingmirror.sources.kubernetes.objects.kserve import FIELDS, STOP, serving_for
from stagingmirror.sources.kubernetes.objects.variables import declared
from stagingmirror.sources.kubernetes.write.containers import Body
from stagingmirror.sources.kubernetes.write.field_patch import (
    Change,
    Entry,
    SetAnnotation,
    SetArgument,
    SetImage,
    field_of,
    read_field,
)

_FAILED = frozenset({"BlockedByFailedLoad", "InvalidSpec"})


def served_by(body: Body, kind: TemplateKind) -> str | None:
    """The name of the Deployment of the one revision that has all traffic and is the newest; None:
    there is none, or it is not by Knative. Errors: MALFORMED.
    """
    serving = _serving(body, kind)
    serve = [name for name, _ in serving.traffic]
    is_whole = serving.is_knative and serve == [serving.newest]
    return f"{serving.newest}-deployment" if is_whole else None


def labels(body: Body) -> str:
    """The selector of what it made."""
    return f"serving.kserve.io/inferenceservice={body['metadata']['name']}"


def deployment_of(body: Body, kind: TemplateKind, deployments: Sequence[Body]) -> str | None:
    """The name of its one Deployment, where it is served without Knative."""
    if _serving(body, kind).is_knative:
        return None
    found = [
        str(each["metadata"]["name"])
        for each in deployments
        if (each["metadata"].get("labels") or {}).get("component") == FIELDS[kind]
        and any(
            owner.get("uid") == body["metadata"]["uid"]
            for owner in each["metadata"].get("ownerReferences") or ()
        )
    ]
    return found[0] if len(found) == 1 else None


def refuse_unmovable(name: str, body: Body, kind: TemplateKind) -> None:
    """Raises StepFailed where what is written would get no traffic, or not all of it."""
    percent = body["spec"][FIELDS[kind]].get("canaryTrafficPercent")
    if percent is not None and percent != 100:
        raise StepFailed(
            Reason.NEEDS_PROMOTION,
            f"{name} gives a new revision {percent} % of the traffic until somebody promotes it; "
            f"remove spec.{FIELDS[kind]}.canaryTrafficPercent.",
        )
    if (body["metadata"].get("annotations") or {}).get(STOP) == "true":
        raise StepFailed(Reason.PAUSED, f"{name} is stopped ({STOP}); start it.")


def is_failed(body: Body) -> bool:
    """KServe could not load its model."""
    return _transition(body) in _FAILED


def refuse_failed(name: str, body: Body) -> None:
    """Raises StepFailed where KServe could not load its model."""
    if is_failed(body):
        what = f"KServe could not load it ({_transition(body)}); see status.modelStatus"
        raise StepFailed(Reason.MODEL_NOT_LOADED, f"{name}: {what}.")


def not_loaded(name: str, body: Body, *, wanted: int) -> str | None:
    """What is awaited of its model; where no pod is wanted, it is InProgress for ever."""
    if _transition(body) == "UpToDate" or not wanted:
        return None
    return f"{name}: KServe has not loaded its model yet"


def not_passed_on(
    body: Body, kind: TemplateKind, below: Body, changes: Sequence[Change]
) -> str | None:
    """The first field that the Deployment has not as the service declares it now; None: it has all.
    What is not declared any more may be a runtime's, and must not be what was written.
    """
    for change in changes:
        if isinstance(change.write, SetAnnotation):
            continue  # of the service itself
        wanted = read_field(body, kind, change.write)
        given = read_field(below, "Deployment", change.write)
        passed_on = (
            _same(change, given, wanted) if wanted else not _same(change, given, change.target)
        )
        if not passed_on:
            return field_of(change.write)
    return None


def _same(change: Change, given: Entry, wanted: Entry) -> bool:
    """Knative names the image by the digest of its tag; the API server completes references."""
    if isinstance(wanted, str) or isinstance(given, str):
        if isinstance(change.write, SetImage) and "@" not in str(wanted):
            repository = str(wanted).rpartition(":")[0] or str(wanted)
            return given == wanted or str(given).startswith(f"{repository}@")
        return given == wanted
    if given is None or wanted is None:
        return given is wanted
    if isinstance(change.write, SetArgument):
        return given == wanted
    return declared([given]) == declared([wanted])


def _transition(body: Body) -> str:
    return _serving(body, "InferenceService").transition


def _serving(body: Body, kind: TemplateKind) -> Serving:
    return serving_for(kind, body["spec"], body.get("status") or {})
