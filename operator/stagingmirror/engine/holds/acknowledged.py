"""When holds become effective, and what those hold that are not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from stagingmirror.api.status.truncation import listed
from stagingmirror.engine.holds.active import Request
from stagingmirror.engine.resources.cache import Body
from stagingmirror.engine.resources.mirror import MirrorKey, is_leaving

# Until each mirror was checked with the hold in force.
CHECKED_FIRST = "each mirror that it holds is checked once more first, which takes seconds"
# Follows the names of mirrors.
FINISHES_FIRST = "the refresh in progress finishes first: "


class AcknowledgedHolds:
    """Which mirrors have passed with a hold in force and no refresh running.

    A hold is effective once every mirror that it names has: a refresh that was running when the
    hold came has ended by then, and no new one starts. Passes and arrivals of holds are counted in
    one row, so that a number per mirror and per hold is all that is kept.
    """

    def __init__(self) -> None:
        self._turn = 0
        self._passed: dict[MirrorKey, int] = {}
        self._seen: dict[str, tuple[int, int]] = {}

    def turn(self) -> int:
        """Taken when a pass begins."""
        self._turn += 1
        return self._turn

    def passed(self, key: MirrorKey, turn: int) -> None:
        """A pass that began at ``turn`` found no open refresh; every hold that had come by then
        stops the next one.
        """
        self._passed[key] = turn

    def seen(self, request: Request) -> int:
        """The turn at which the hold came, as it is now."""
        known = self._seen.get(request.uid)
        if known is None or known[0] != request.generation:
            known = self._seen[request.uid] = (request.generation, self.turn())
        return known[1]

    def passed_at(self, key: MirrorKey) -> int:
        """When the mirror last passed; 0: it has not."""
        return self._passed.get(key, 0)

    def drop_hold(self, uid: str) -> None:
        self._seen.pop(uid, None)

    def drop_mirror(self, key: MirrorKey) -> None:
        self._passed.pop(key, None)


@dataclass(frozen=True, slots=True)
class Tracked:
    """What the mirrors of one namespace track, by name; ``staying`` are those that are not being
    deleted. To be made again where a mirror came, went, or has another spec.
    """

    by_mirror: Mapping[str, frozenset[object]]
    staying: tuple[str, ...]
    everything: frozenset[object]


def tracked_by(mirrors: Iterable[Body]) -> Tracked:
    """``mirrors`` are all of the namespace."""
    bodies = tuple(mirrors)
    by_mirror = {body["metadata"]["name"]: _components(body) for body in bodies}
    return Tracked(
        by_mirror,
        tuple(body["metadata"]["name"] for body in bodies if not is_leaving(body)),
        frozenset().union(*by_mirror.values()),
    )


@dataclass(slots=True)
class HeldNamespace:
    """What the holds of one namespace are judged by: its mirrors that stay, what they track, when
    each passed, and which mirrors, those that are gone too, have a refresh in progress.
    """

    name: str
    tracked: Tracked
    passed: dict[str, int] = field(default_factory=dict)
    refreshing: frozenset[str] = frozenset()
    oldest: float = inf
    """When the mirror passed that has waited longest."""

    def shown(self, request: Request, seen: int) -> str | None:
        """Why this hold, which came at turn ``seen``, is not effective; None: it is."""
        nothing = self._holds_nothing(request)
        if nothing is not None:
            return nothing
        staying = [self.passed[name] for name in request.mirrors if name in self.passed]
        oldest = min(staying, default=inf) if request.mirrors else self.oldest
        refreshing = self.refreshing & (request.mirrors or self.refreshing)
        # That of a mirror that is there is known to have ended, or to be of other components, by
        # the pass that came after it.
        if oldest > seen and not refreshing - self.passed.keys():
            return None
        return f"{FINISHES_FIRST}{listed(sorted(refreshing))}" if refreshing else CHECKED_FIRST

    def _holds_nothing(self, request: Request) -> str | None:
        """Which mirror or component it names is not there, and what to do; None: all are."""
        missing = sorted(request.mirrors - self.tracked.by_mirror.keys())
        if missing:
            return (
                f"spec.mirrors: there is no StagingMirror {missing[0]} in namespace {self.name}; "
                "correct the name."
            )
        meant = [self.tracked.by_mirror[name] for name in request.mirrors]
        known = frozenset().union(*meant) if request.mirrors else self.tracked.everything
        unknown = sorted(request.hold.components - known)
        if unknown:
            return (
                f"spec.components: no StagingMirror that this hold names tracks {unknown[0]}; "
                "correct the name."
            )
        return None


def held_namespace(
    name: str,
    tracked: Tracked,
    *,
    acknowledged: AcknowledgedHolds,
    still_open: Iterable[MirrorKey],
) -> HeldNamespace:
    """``still_open`` are the mirrors, deleted ones too, whose refresh is in progress."""
    passed = {each: acknowledged.passed_at(MirrorKey(name, each)) for each in tracked.staying}
    return HeldNamespace(
        name,
        tracked,
        passed,
        refreshing=frozenset(key.name for key in still_open if key.namespace == name),
        oldest=min(passed.values(), default=inf),
    )


def passes_by_itself(message: str) -> bool:
    """Whether a hold that is not effective for this reason becomes so without an edit."""
    return message == CHECKED_FIRST or message.startswith(FINISHES_FIRST)


def _components(body: Body) -> frozenset[object]:
    return frozenset(each.get("name") for each in body["spec"].get("track") or ())
