"""The facts of answers that were compared: of each feature how many samples differ.

Production's answers are the measure, so that a fact of production says that none differ, and the
same fact of staging how many do.
"""

from collections.abc import Collection
from dataclasses import replace

from stagingmirror.api.spec.track.feature_parity import FeatureParity, Latency
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.times import rfc3339
from stagingmirror.component import Role, Sides
from stagingmirror.components.feature_parity.names import (
    endpoint_in,
    example_alias,
    samples_of,
    subject_of,
)
from stagingmirror.drift.facts import OTHERS, Fact, Seen, Unseen, Why, one_fact
from stagingmirror.drift.parity.bound import none_differ
from stagingmirror.drift.parity.counts import counts_line
from stagingmirror.drift.wording import counted
from stagingmirror.reading.places import cluster_of
from stagingmirror.reading.reading import Reading
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.subjects import FeatureParity as Compared
from stagingmirror.sources.endpoint.subjects import LeftOut, Parity, ProbedParity
from stagingmirror.sources.kubernetes.subjects import ConfigMapSubject, WorkloadSubject

SAMPLES = "samples"
STRUCTURE = "structure"
ANSWERS = "answers"
LATENCY = "latency.p95"
GROUPS = ("logic.", "data.", "values.")
PROBED = "probed"
# Of staging what was counted of each feature.
COUNTS = "counts."
_EQUAL = "no difference"
# Structural differences that are spelled out in one fact.
_MOST = 5


def facts_of(entry: FeatureParity, sides: Sides, role: Role, reading: Reading) -> Seen:
    """Raises Ended where samples were not sent, or too few of them were answered."""
    for side in (sides.production, sides.staging):
        if (offered := samples_of(entry, side)) is not None:
            kept = offered.config_map
            # So that they are watched; why they cannot be sent is in the answer below.
            reading.view.get(ConfigMapSubject(cluster_of(side), kept.namespace, kept.name))
    _refuse_to_wake(entry, sides, reading)
    probed = reading.get(subject_of(entry, sides, _example(entry, sides, reading)))
    found = _compared(entry, probed)
    if not any(production.value != staging.value for production, staging in found.values()):
        _refuse_too_few(entry, probed, reading)
        _refuse_without_values(probed, reading)
    _note(entry, probed, role, reading)
    if role == "staging" and _one_url(entry, sides):
        reading.finding("both endpoints have one url, and differ in headers or a proxy alone.")
    which = 0 if role == "production" else 1
    shown = _shown(probed)[which].items()
    seen = reading.seen(
        {name: both[which] for name, both in found.items()}
        | {name: Fact(value, compared=False) for name, value in shown}
    )
    return replace(seen, probed=probed.began)


def _refuse_to_wake(entry: FeatureParity, sides: Sides, reading: Reading) -> None:
    """Raises Ended where a request would start pods, or nobody knows whether it would: then nothing
    is sent, as only what is read is wanted.
    """
    for side in (sides.production, sides.staging):
        endpoint = endpoint_in(entry, side)
        if endpoint is None or endpoint.served_by is None or endpoint.wake:
            continue
        by = endpoint.served_by
        answer = reading.view.get(WorkloadSubject(cluster_of(side), by.kind, by.namespace, by.name))
        if isinstance(answer, Unseen):
            raise reading.unseen(answer.why.reason, answer.why.message)
        if answer.value is None or not answer.value.pods:
            raise reading.unseen(
                Reason.NOTHING_RUNS,
                f"{side.role}'s endpoint {endpoint.name} is served by {by.kind} {by.namespace}/"
                f"{by.name}, of which no pod runs, and is not woken; start one, or set wake: true "
                f'in its endpoints entry of environment "{side.environment}".',
            )


def _example(entry: FeatureParity, sides: Sides, reading: Reading) -> tuple[str, str] | None:
    """Raises Ended where production's alias is not known, or there is none."""
    alias = example_alias(entry, sides)
    if alias is None:
        return None
    return alias.model, reading.get(alias).version


_Both = tuple[Fact, Fact]


def _compared(entry: FeatureParity, probed: ProbedParity) -> dict[str, _Both]:
    """Of each fact production's and staging's. Of what is equal nothing is in it that changes from
    probe to probe.
    """
    parity = probed.parity
    facts = {STRUCTURE: _structure(parity), ANSWERS: _answers(probed)} | {
        name: _both(counts_line(each), differs=each.differs, doubt=_doubt(entry, each))
        for name, each in _named(parity).items()
    }
    for left in parity.left_out:
        others = f"{counted(left.differing, 'other feature')} differ"
        facts[_free(f"{left.group}.{OTHERS}", facts)] = _both(
            others, differs=bool(left.differing), doubt=_doubt(entry, left)
        )
    if entry.latency is not None:
        slower = f"{probed.latency[1] / max(probed.latency[0], 1e-6):.1f} times production's"
        facts[LATENCY] = _both(slower, differs=_is_slow(entry.latency, probed), doubt=None)
    return facts


def _named(parity: Parity) -> dict[str, Compared]:
    """The listed features, by the names of their facts. Two names may look alike; what is known of
    one is not lost in the other.
    """
    found: dict[str, Compared] = {}
    for each in parity.features:
        found[_free(f"{each.group}.{one_fact(each.name)}", found)] = each
    return found


def _shown(probed: ProbedParity) -> tuple[dict[str, str], dict[str, str]]:
    """What counts for nothing, of production and of staging."""
    both = {SAMPLES: str(probed.parity.samples), PROBED: rfc3339(probed.began)}
    latency = [f"{1000 * each:.3g} ms" for each in probed.latency]
    counts = {
        f"{COUNTS}{name}": f"{each.type}: {counts_line(each)}"
        for name, each in _named(probed.parity).items()
        if each.judged or each.noise
    }
    return both | {"latency": latency[0]}, both | {"latency": latency[1]} | counts


def _both(text: str, *, differs: bool, doubt: Why | None) -> _Both:
    if differs:
        return (Fact(_EQUAL), Fact(text))
    return (Fact(_EQUAL, doubt=doubt), Fact(_EQUAL, doubt=doubt))


def _structure(parity: Parity) -> _Both:
    count = parity.structure_differs
    listed = "; ".join(parity.structure[:_MOST])
    more = f"; and {count - _MOST} more" if count > _MOST else ""
    return _both(f"{listed}{more}", differs=count > 0, doubt=_unsteady(parity))


def _unsteady(parity: Parity) -> Why | None:
    if not parity.unsteady:
        return None
    return Why(
        Reason.TOO_NOISY,
        "production's answers to the same samples are made in two ways "
        f"({'; '.join(parity.unsteady[:_MOST])}), so that staging's cannot be measured by them.",
    )


def _answers(probed: ProbedParity) -> _Both:
    """What production answers and staging refuses differs, whatever the value would be."""
    refused = probed.refusals.staging
    return _both(f"{counted(refused, 'sample')} refused", differs=refused > 0, doubt=None)


_NOISY = Why(
    Reason.TOO_NOISY,
    "production answers too many of the samples differently each time, so that staging's answers "
    "cannot be measured by them; ignore this feature, or widen its tolerance.",
)
_FEW_JUDGED = Why(
    Reason.TOO_FEW_SAMPLES,
    "fewer samples than minSamples could show a difference of this feature: the others have no "
    "event of the same time on both sides, or production contradicts itself on them.",
)


def _every(parity: Parity) -> tuple[Compared | LeftOut, ...]:
    return (*parity.features, *parity.left_out)


def _doubt(entry: FeatureParity, each: Compared | LeftOut) -> Why | None:
    if each.noisy:
        return _NOISY
    return _FEW_JUDGED if each.judged < entry.min_samples else None


def _is_slow(latency: Latency, probed: ProbedParity) -> bool:
    production, staging = probed.latency
    return (
        staging - production >= seconds(latency.at_least)
        and staging > float(latency.max_ratio) * production
    )


def _refuse_too_few(entry: FeatureParity, probed: ProbedParity, reading: Reading) -> None:
    if probed.distinct < entry.min_samples:
        raise reading.unseen(
            Reason.TOO_FEW_SAMPLES,
            f"{counted(probed.distinct, 'distinct sample')} could be compared, and minSamples is "
            f"{entry.min_samples}; offer more samples, or lower minSamples.",
        )


def _refuse_without_values(probed: ProbedParity, reading: Reading) -> None:
    """Of ids that neither side knows both have nothing, and alike."""
    if not any(each.valued for each in _every(probed.parity)):
        raise reading.unseen(
            Reason.NOTHING_COMPARED,
            "production answers the samples without a single value (null, not found), so that "
            "equal answers prove nothing; offer samples of ids that it knows.",
        )


def _one_url(entry: FeatureParity, sides: Sides) -> bool:
    found = (endpoint_in(entry, side) for side in (sides.production, sides.staging))
    urls = [each.url.rstrip("/").lower() for each in found if each is not None]
    return len(urls) == 2 and urls[0] == urls[1]


def _note(entry: FeatureParity, probed: ProbedParity, role: Role, reading: Reading) -> None:
    """What both observations rest on is a finding of staging's only: it is told once."""
    parity = probed.parity
    if role == "production":
        if probed.refusals.production:
            reading.finding(
                f"production refuses {counted(probed.refusals.production, 'sample')}, which are "
                "not compared."
            )
        return
    if not any(each.differing for each in parity.features):
        # The bound of all features is that of the one that fewest samples were judged of.
        judged = [each.judged for each in _every(parity) if _doubt(entry, each) is None]
        reading.finding(f"{none_differ(min(judged, default=0))}.")
    silent = parity.failed - probed.refusals.production - probed.refusals.staging
    if silent > 0:
        reading.finding(f"{counted(silent, 'sample')} got no answer, and are not compared.")
    if parity.ignored_features:
        reading.finding(
            f"{counted(parity.ignored_features, 'feature')} not compared: "
            + "; ".join(f"{each.name} ({each.reason})" for each in parity.ignored[:_MOST])
            + "."
        )
    for each in parity.shown:
        reading.finding(f"{each}.")
    if probed.took > seconds(entry.every):
        reading.finding(
            f"one probe takes {probed.took:.0f} s, so that samples cannot be sent every "
            f"{entry.every}."
        )


def _free(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "*"
    return name
