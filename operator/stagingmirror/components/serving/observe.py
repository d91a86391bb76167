"""The facts of one side. Which of them are compared rests on both: where one side does not show a
thing, that is no difference to the other.
"""

from collections.abc import Iterator

from stagingmirror.api.spec.track.serving import Serving
from stagingmirror.component import Role, Sides
from stagingmirror.components.serving.names import place_of
from stagingmirror.components.serving.nodes import node_facts
from stagingmirror.components.serving.side import ServingSide, side_of
from stagingmirror.drift.facts import Fact, Seen, one_fact
from stagingmirror.reading.reading import Ended, Reading

REPLICAS = "replicas"
# Of a container; its digest is what pipelineImage compares.
_IMAGE = ".image"


def facts_of(entry: Serving, sides: Sides, role: Role, reading: Reading) -> Seen:
    """Raises Ended where the workload, its pods or its autoscaler prove nothing."""
    mine, theirs = sides.production, sides.staging
    if role == "staging":
        mine, theirs = theirs, mine
    own = side_of(entry, mine, sides, reading)
    try:  # the age and the doubt of the other side are its own observation's
        other = side_of(entry, theirs, sides, Reading(reading.view, 0.0))
    except Ended:
        other = None
    facts = {
        name: Fact(
            text,
            compared=_is_compared(name, own, other),
            declared=own.declared or name in own.running.declared,
        )
        for name, text in (*own.running.facts.items(), *_sealed(entry, sides, own, reading))
    }
    facts |= {name: Fact(text) for name, text in own.scaling.items()}
    fixed = own.has_fixed_replicas and (other is None or other.has_fixed_replicas)
    facts[REPLICAS] = Fact(str(own.workload.replicas), compared=fixed)
    facts |= node_facts(own, other, role, reading)
    return reading.seen({one_fact(name): fact for name, fact in facts.items()})


def _is_compared(name: str, own: ServingSide, other: ServingSide | None) -> bool:
    """Whether each side would show it if it had it."""
    if name.endswith(_IMAGE):
        return False
    if other is not None and name in own.running.defaults and name not in other.running.facts:
        return False
    for side in (own, other):
        unknown = side.running.not_known if side is not None else ()
        if any(name == each or (each.endswith(".") and name.startswith(each)) for each in unknown):
            return False
    return True


def _sealed(
    entry: Serving, sides: Sides, own: ServingSide, reading: Reading
) -> Iterator[tuple[str, str]]:
    place = place_of(entry, sides.production)
    for name, text in own.running.sealed.items():
        where = f"{sides.production.environment}: {name} of {place}"
        yield name, reading.view.seal(where, text, form="{value}")
