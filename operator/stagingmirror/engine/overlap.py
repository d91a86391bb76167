"""Two mirrors that write the same field: the older goes on, the newer is stalled. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stagingmirror.drift.facts import Why
from stagingmirror.engine.case import MirrorKey

Field = tuple[str, ...]
"""What is written, as a person would name it, e.g. ``("Deployment", "ml/fraud", "MODEL_VERSION")``.
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one mirror may write: per field the component that does. Entries that only report claim
    nothing.
    """

    key: MirrorKey
    uid: str
    created: str
    fields: Mapping[Field, str]

    @property
    def age(self) -> tuple[str, str]:
        """The older sorts first; RFC 3339 in UTC sorts by time."""
        return self.created, self.uid


def overlap(mine: Claim, others: Iterable[Claim]) -> Why | None:
    """Why this mirror is stalled; None: nobody older writes what it writes."""
    older = sorted((each for each in others if each.age < mine.age), key=lambda each: each.age)
    for other in older:
        for field, component in sorted(mine.fields.items()):
            if field in other.fields:
                return Why(
                    "Overlap",
                    f"track[{component}] writes {' '.join(field)}, which the older StagingMirror "
                    f"{other.key.namespace}/{other.key.name} writes too; remove it from one, or "
                    "set mode: Report.",
                )
    return None
