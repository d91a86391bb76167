"""``pipelineImage``: which image a container really runs.

An image can be known by several digests: the one that its pods are pinned to, and the one that the
node reports, which may be of another manifest with the same content. Two sides run the same image
where they have one of these digests in common; staging's fact then shows production's name for it,
so that comparing stays a comparison of two texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.track.pipeline_image import PipelineImage
from stagingmirror.component import Entry, Offering, Role, Side, Sides
from stagingmirror.drift.facts import Fact, Observation, Seen, Why
from stagingmirror.drift.places import Place
from stagingmirror.errors import CannotRefresh
from stagingmirror.reading.images import Reference, digest_of
from stagingmirror.reading.patches import needed, patches, refuse_unseen
from stagingmirror.reading.places import (
    both_listed,
    cluster_of,
    namespace_grants,
    namespace_of,
    same_workload,
)
from stagingmirror.reading.reading import Ended, Reading, observed
from stagingmirror.reading.running import called, container_of, pods_that_ran
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import (
    Pod,
    Workload,
    WorkloadField,
    WorkloadSubject,
)
from stagingmirror.sources.kubernetes.write.field_patch import SetImage
from stagingmirror.view import View

DIGEST = "digest"
REPOSITORY = "repository"
TAG = "tag"
# Digests that are named where pods differ.
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Where:
    place: WorkloadSubject
    container: str


@dataclass(frozen=True, slots=True)
class Image:
    """What runs. ``names`` are its digests, the one to show first; ``pulled`` says whether a
    registry knows that one. ``declared``: no pod runs it, the template pins it.
    """

    template: Reference
    names: tuple[str, ...]
    pulled: bool
    declared: bool


class PipelineImageKind:
    name = "pipelineImage"
    spec = PipelineImage
    headline: tuple[str, ...] = (DIGEST,)
    occasional: tuple[str, ...] = ()

    def observe(
        self, entry: Entry[PipelineImage], sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        return observed(lambda: _seen(entry.spec, sides, role, view, now))

    def plan(
        self,
        entry: Entry[PipelineImage],
        sides: Sides,
        production: Seen,
        staging: Observation,
        view: View,
    ) -> tuple[ExecutableStep, ...]:
        refuse_unseen(staging)
        digest = production.facts[DIGEST].value
        if isinstance(staging, Seen) and staging.facts[DIGEST].value == digest:
            return ()
        where = _where(entry.spec, sides.staging)
        reading = Reading(view, staging.began)
        needed(lambda: container_of(reading, reading.get(where.place), where.container))
        _refuse_local(entry.spec, sides.production, view, digest)
        tag = production.facts.get(TAG)
        image = Reference(
            repository=entry.spec.staging.repository or production.facts[REPOSITORY].value,
            tag=tag.value if tag else None,
            digest=digest,
        )
        return patches(entry.name, [(where.place, SetImage(where.container, str(image)))])

    def problems(self, entry: Entry[PipelineImage], sides: Sides, view: View) -> Why | None:
        production, staging = (
            _where(entry.spec, s).place for s in (sides.production, sides.staging)
        )
        return both_listed(
            entry.name, sides, [production.namespace], [staging.namespace]
        ) or same_workload(entry.name, [production], [staging])

    def refusal(self, entry: Entry[PipelineImage], sides: Sides) -> Why | None:
        return None

    def grants(self, entry: Entry[PipelineImage], sides: Sides) -> frozenset[Grant]:
        return namespace_grants(
            sides.production, [_where(entry.spec, sides.production).place.namespace]
        )

    def writes(self, entry: Entry[PipelineImage], sides: Sides) -> frozenset[Place]:
        where = _where(entry.spec, sides.staging)
        at, field = where.place, f"image of {where.container}"
        return frozenset({WorkloadField(at.kind, at.namespace, at.name, field)})

    def production_places(self, entry: Entry[PipelineImage], sides: Sides) -> frozenset[Place]:
        return frozenset()

    def production_places_in(
        self, environment: str, offers: Offering, raw: Mapping[str, object]
    ) -> frozenset[Place]:
        return frozenset()


def _where(entry: PipelineImage, side: Side) -> Where:
    production, own = entry.production, entry.staging
    cluster, namespace = cluster_of(side), namespace_of(production.namespace, side)
    if side.role == "production":
        place = WorkloadSubject(cluster, production.template, namespace, production.name)
        return Where(place, production.container)
    name = own.name or production.name
    place = WorkloadSubject(cluster, entry.staging_template, namespace, name)
    return Where(place, own.container or production.container)


def _seen(entry: PipelineImage, sides: Sides, role: Role, view: View, now: float) -> Seen:
    reading = Reading(view, now)
    if role == "production":
        image = _image(reading, _where(entry, sides.production))
    else:
        image = _image(reading, _where(entry, sides.staging))
        image = _as_production_calls_it(image, entry, sides, reading)
    return reading.seen(_facts(image))


def _facts(image: Image) -> dict[str, Fact]:
    facts = {
        DIGEST: Fact(image.names[0], declared=image.declared),
        REPOSITORY: Fact(image.template.repository, compared=False, declared=True),
    }
    if image.template.tag:
        facts[TAG] = Fact(image.template.tag, compared=False, declared=True)
    return facts


def _image(reading: Reading, where: Where) -> Image:
    workload = reading.get(where.place)
    text = container_of(reading, workload, where.container).image
    template = Reference.parse(text)
    pods = pods_that_ran(reading, workload, where.container)
    if template.digest is None:
        reading.finding(
            f"{called(workload)} names {text} without a digest: what that is can change; pin it."
        )
    if not pods and template.digest is not None:
        return Image(template, (template.digest,), pulled=True, declared=True)
    known = [digests for pod in pods if (digests := _digests(pod, where.container))]
    if not known:
        raise reading.unseen(
            Reason.NOTHING_RUNS,
            f"{called(workload)} has no pod that shows which image runs, and its template does not "
            f"pin container {where.container} by digest{_because(workload)}.",
        )
    shared = [digest for digest in known[0] if all(digest in other for other in known)]
    if not shared:
        raise reading.unseen(Reason.PODS_DIFFER, _different(workload, where, known))
    rest = sorted({digest for digests in known for digest in digests} - {shared[0]})
    return Image(template, (shared[0], *rest), pulled=known[0][shared[0]], declared=False)


def _because(workload: Workload) -> str:
    return f"; {workload.no_pods}" if workload.no_pods else ""


def _different(workload: Workload, where: Where, known: list[dict[str, bool]]) -> str:
    """All pods are of one template, so no rollout ends this."""
    digests = sorted({next(iter(each)) for each in known})
    more = f" and {len(digests) - _NAMED} more" if len(digests) > _NAMED else ""
    return (
        f"the pods of {called(workload)} run different images in container {where.container} "
        f"({', '.join(digests[:_NAMED])}{more}), though from one template: its tag was pushed "
        "again between their starts, or nodes of several architectures report their own digests. "
        "Pin it by digest."
    )


def _digests(pod: Pod, container: str) -> dict[str, bool]:
    """The digests by which the image of a pod's container is known, the pinned one first, each with
    whether a registry knows it.
    """
    running = pod.containers.get(container)
    pinned = Reference.parse(running.image).digest if running else None
    reported = digest_of(pod.image_ids.get(container, ""))
    return dict(chain([(pinned, True)] if pinned else [], [reported] if reported else []))


def _as_production_calls_it(
    image: Image, entry: PipelineImage, sides: Sides, reading: Reading
) -> Image:
    """The same image, by production's name for it where production runs it too.

    Production's observation is not a part of staging's: it counts, with its age, as production's.
    """
    try:
        theirs = _image(Reading(reading.view, 0.0), _where(entry, sides.production))
    except Ended:
        return image
    if not set(image.names) & set(theirs.names):
        if image.pulled != theirs.pulled:
            raise reading.unseen(
                Reason.NOT_COMPARABLE,
                "one side's image was never pulled from a registry, so that its node reports no "
                "digest to compare; push it, and pin it by digest.",
            )
        return image
    names = (theirs.names[0], *(name for name in image.names if name != theirs.names[0]))
    return Image(image.template, names, pulled=theirs.pulled, declared=image.declared)


def _refuse_local(entry: PipelineImage, side: Side, view: View, digest: str) -> None:
    """Raises CannotRefresh where no registry knows production's digest."""
    image = needed(lambda: _image(Reading(view, 0.0), _where(entry, side)))
    if image.names[0] == digest and not image.pulled:
        raise CannotRefresh(
            Reason.NOT_COMPARABLE,
            "production's image was never pulled from a registry, so staging cannot pull it; "
            "push it, and pin it by digest.",
        )
