"""What the pods of a workload show of how they serve."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from stagingmirror.components.serving.files import Files
from stagingmirror.components.serving.flags import Flags, flags_of
from stagingmirror.components.serving.offers import Offered
from stagingmirror.drift.facts import OTHERS
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.running import called
from stagingmirror.sources.kubernetes.subjects import Container, Pod, Workload
from stagingmirror.sources.kubernetes.subjects.serving import PodSettings

CONTAINERS = "containers"
# Facts of one side; the rest is one.
MOST = 1000
# Names that a finding lists.
_NAMED = 4
_NOTHING = "nothing"
_SET = "set"

_Pod = tuple[Mapping[str, Container], PodSettings]


@dataclass(frozen=True, slots=True)
class Running:
    """``facts`` by name. ``sealed``: the same of texts that are only comparable, as they are; none
    of them is shown. ``not_known``: names of facts, or with a dot at the end their beginnings, of
    which this side shows nothing, whatever it runs. ``defaults``: what nobody gave, and a server of
    a known version has: where the other side shows nothing, its version is not known.
    ``declared``: what files give, which its program may have read before they changed.
    """

    facts: Mapping[str, str]
    sealed: Mapping[str, str]
    not_known: frozenset[str]
    defaults: frozenset[str]
    declared: frozenset[str]


def running(
    workload: Workload,
    pods: Iterable[Pod],
    containers: Mapping[str, str],
    offered: Offered,
    files: Files,
) -> Running:
    """Of the template where no pod runs. ``containers``: those that count, with the names by which
    facts have them.
    """
    reading = files.reading
    whole: list[_Pod] = []
    for pod in pods:
        _note_others(reading, workload, pod)
        if (pod.containers, pod.settings) not in whole:
            whole.append((pod.containers, pod.settings))
    whole = whole or [(workload.containers, workload.settings)]
    found = [_of(each, containers, offered, files) for each in whole]
    facts = _joined(reading, workload, [each.facts for each in found])
    return Running(
        _bounded({**facts, CONTAINERS: ", ".join(sorted(containers.values()))}),
        _joined(reading, workload, [each.sealed for each in found]),
        frozenset[str]().union(*(each.not_known for each in found)),
        frozenset[str]().union(*(each.defaults for each in found)),
        frozenset[str]().union(*(each.declared for each in found)),
    )


def _of(pod: _Pod, containers: Mapping[str, str], offered: Offered, files: Files) -> Running:
    parts, settings = pod
    facts, sealed = dict(settings.facts), dict[str, str]()
    not_known, defaults, declared = set[str](), set[str](), set[str]()
    for name, shown in containers.items():
        container, own = parts.get(name), settings.containers.get(name)
        if container is None or own is None:
            continue
        flags = flags_of(container, offered, files.of(own))
        _note(files.reading, shown, flags)
        given = dict(_of_container(container)) | dict(own.facts) | dict(flags.facts)
        facts |= {f"{shown}.{fact}": text for fact, text in given.items()}
        sealed |= {f"{shown}.{fact}": text for fact, text in flags.sealed.items()}
        not_known |= {f"{shown}.{fact}" for fact in flags.not_known}
        defaults |= {f"{shown}.{fact}" for fact in flags.defaults}
        declared |= {f"{shown}.{fact}" for fact in flags.declared}
        if container.env_from:
            files.reading.finding(
                f"variables of {shown} may come from envFrom: their names are not compared, nor "
                "are flags that they may give."
            )
            not_known.add(f"{shown}.variables.")
    known = (frozenset(each) for each in (not_known, defaults, declared))
    return Running(facts, sealed, *known)


def _of_container(container: Container) -> Iterator[tuple[str, str]]:
    yield "image", container.image
    for name in container.variables:
        yield f"variables.{name}", _SET


def _note(reading: Reading, container: str, flags: Flags) -> None:
    for note in flags.notes:
        reading.finding(f"{container}: {note}")


def _note_others(reading: Reading, workload: Workload, pod: Pod) -> None:
    """Containers that somebody put in beside those of the template do not count."""
    own = workload.settings.containers
    others = [name for name, each in pod.settings.containers.items() if each.serves]
    added = sorted(name for name in others if name not in own)
    if added and own:
        reading.finding(
            f"containers that the template of {called(workload)} does not have are not compared "
            f"({', '.join(added[:_NAMED])})."
        )


def _joined(reading: Reading, workload: Workload, found: list[Mapping[str, str]]) -> dict[str, str]:
    """Where pods of one template differ, each text that one has."""
    if len(found) == 1:
        return dict(found[0])
    facts: dict[str, str] = {}
    differing: list[str] = []
    for name in sorted({name for each in found for name in each}):
        texts = sorted({each.get(name, _NOTHING) for each in found})
        facts[name] = " or ".join(texts)
        if len(texts) > 1:
            differing.append(name)
    if differing:
        more = len(differing) - _NAMED
        named = ", ".join(differing[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        reading.finding(
            f"the pods of {called(workload)} differ in {named}, though from one template; see what "
            "changes them, or restart them."
        )
    return facts


def _bounded(facts: Mapping[str, str]) -> dict[str, str]:
    """The rest is one fact: its number, and a digest."""
    names = sorted(facts)
    rest = names[MOST:]
    if not rest:
        return dict(facts)
    digest = sha256("\n".join(f"{name}={facts[name]}" for name in rest).encode()).hexdigest()
    kept = {name: facts[name] for name in names[:MOST]}
    return {**kept, OTHERS: f"{len(rest)} more, {digest[:12]}"}
