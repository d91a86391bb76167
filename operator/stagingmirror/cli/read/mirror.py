"""A StagingMirror as the commands read it: dicts at the border, plain values behind it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from stagingmirror.api.status.model import ComponentStatus, Condition, MirrorStatus
from stagingmirror.api.types.duration import seconds
from stagingmirror.errors import NeedsHuman

# Where the spec has none that can be parsed: the default of the API, in seconds.
STALE_AFTER = 120.0


@dataclass(frozen=True, slots=True)
class Mirror:
    """``accepted`` has the reason per (component, fact); ``schedule`` is None where there is no
    refresh.
    """

    namespace: str
    name: str
    generation: int
    stale_after: float
    status: MirrorStatus
    schedule: str | None = None
    zone: str = "UTC"
    suspended: bool = False
    accepted: Mapping[tuple[str, str], str] | None = None
    tracked: tuple[str, ...] = ()
    flags: str = ""
    """What a printed command needs besides, to reach the same cluster."""

    @property
    def path(self) -> str:
        return f"{self.namespace}/{self.name}"

    def command(self, verb: str) -> str:
        """A command about this mirror, as it is typed from anywhere."""
        return f"kubectl stagingmirror {verb} {self.name} -n {self.namespace}{self.flags}"

    def condition(self, type_: str) -> Condition | None:
        """The condition of this type, if it is there."""
        return next((each for each in self.status.conditions if each.type == type_), None)

    def elsewhere(self) -> str | None:
        """Where production is, if that is another cluster than staging's; a cluster is called by
        the environment that leads there.
        """
        cluster = self.status.production_cluster
        if cluster is None:
            return None
        return f"Production is in another cluster, that of environment {cluster}."

    def trouble(self) -> str | None:
        """What a human must know before anything else: the message of Stalled."""
        stalled = self.condition("Stalled")
        if stalled is None or stalled.status != "True":
            return None
        return stalled.message or stalled.reason or "it is stalled"


def read(body: Mapping[str, Any], *, flags: str = "") -> Mirror:
    """A mirror as the API server gives it. A status that cannot be read is none."""
    metadata, spec = body["metadata"], body.get("spec") or {}
    refresh = spec.get("refresh") or {}
    return Mirror(
        namespace=metadata["namespace"],
        name=metadata["name"],
        generation=metadata.get("generation", 0),
        stale_after=_seconds(spec.get("staleAfter")),
        status=_status(body.get("status") or {}),
        schedule=refresh.get("schedule"),
        zone=refresh.get("timeZone", "UTC"),
        suspended=bool(refresh.get("suspend")),
        accepted={
            (each.get("component", ""), each.get("fact", "")): each.get("reason", "")
            for each in spec.get("accept") or ()
        },
        tracked=tuple(each.get("name", "") for each in spec.get("track") or ()),
        flags=flags,
    )


def sync_of(components: Iterable[ComponentStatus]) -> str:
    """The verdict over these components, as the operator gives it over all of them."""
    verdicts = {each.verdict for each in components}
    if "Drifted" in verdicts:
        return "Drifted"
    if not verdicts or not verdicts <= {"InSync", "Accepted", "Held"}:
        return "Unknown"
    return "Held" if "Held" in verdicts else "InSync"


def _status(raw: Mapping[str, Any]) -> MirrorStatus:
    try:
        return MirrorStatus.model_validate(raw)
    except ValidationError:
        return MirrorStatus()


def _seconds(text: object) -> float:
    try:
        return seconds(text) if isinstance(text, str) else STALE_AFTER
    except NeedsHuman:
        return STALE_AFTER
