"""The statuses as models: the CRDs are made from them, the operator and the commands use them.

Everything is optional and nothing is judged by the API server (no enum, pattern or CEL): a status
that cannot be written would be a verdict that is never seen. The bounds are far above what the
operator writes.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.json_schema import SkipJsonSchema

from stagingmirror.api.types.base import CONFIG


def _at_most(most: int, **more: Any) -> Any:
    """A bound of the schema only: what is too long is cut when it is made, see truncation."""
    return Field(json_schema_extra={"maxItems": most, **more})


Text = Annotated[str, Field(json_schema_extra={"maxLength": 32768})]


class StatusModel(BaseModel):
    """Base of what the operator writes. Fields of a newer operator are ignored, not refused."""

    model_config = CONFIG

    @classmethod
    def read(cls, raw: object) -> Self:
        """A status from the API, whoever wrote it. A field that cannot be read counts as absent."""
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            unreadable = {each["loc"][0] for each in error.errors() if each["loc"]}
        fields = raw if isinstance(raw, Mapping) else {}
        try:
            return cls.model_validate({key: fields[key] for key in fields.keys() - unreadable})
        except ValidationError:
            return cls()

    @classmethod
    def read_json(cls, raw: bytes) -> Self:
        """The same of JSON; ``null`` is an empty one."""
        try:
            return cls.model_validate_json(raw)
        except ValidationError:
            return cls.read(json.loads(raw) or {})

    def dump(self) -> dict[str, Any]:
        """As the API server gets it: JSON of what was set, and is not None."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)

    def size(self) -> int:
        """Of the dump as JSON, in bytes."""
        return len(
            self.__pydantic_serializer__.to_json(
                self, by_alias=True, exclude_unset=True, exclude_none=True
            )
        )


class Open(StatusModel):
    """Base of entries that may have more fields than are described here."""

    model_config = ConfigDict(extra="allow")


def _map_by(key: str, most: int) -> Any:
    return _at_most(most, **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]})


class Condition(StatusModel):
    """One statement about the resource, as kubectl wait reads it."""

    type: Text
    """Name of the condition."""
    status: Text = "Unknown"
    """True, False or Unknown."""
    observed_generation: int | None = None
    """The generation of the resource that this statement is about."""
    last_transition_time: Text | None = None
    """When status last changed."""
    reason: Text | None = None
    """Why, in one CamelCase word."""
    message: Text | None = None
    """Why, and what to do, in words."""


Conditions = Annotated[tuple[Condition, ...], _map_by("type", 64)]


class DifferenceStatus(StatusModel):
    """One compared fact that differs."""

    fact: Text
    """Name of the fact; with a '/', a detail of the fact before it."""
    production: Text | None = None
    """Production's value. Omitted: production does not have this fact."""
    staging: Text | None = None
    """Staging's value. Omitted: staging does not have this fact."""
    expected: Text | None = None
    """What staging should show, where that is not production's own value."""
    accepted: Text | None = None
    """Why it is accepted, and until when. Omitted: it is not."""
    acceptance_ended: Text | None = None
    """When the acceptance that covered it ended. Omitted: none did."""


class EndingStatus(StatusModel):
    """Acceptances that end at one time, for one reason."""

    facts: Text | None = None
    """The facts that they name."""
    until: Text | None = None
    """When they end."""
    reason: Text | None = None
    """Why they are there."""


class ComponentStatus(StatusModel):
    """What was observed of one component, and its verdict."""

    name: Text
    """Name of the component in track."""
    kind: Text | None = None
    """The kind, by the name of its field in track."""
    verdict: Text = "Unknown"
    """InSync, Drifted, Accepted, Held or Unknown."""
    reason: Text | None = None
    """Why the verdict is this one, in one word; of Held, the name of the hold."""
    since: Text | None = None
    """Since when the verdict is this one."""
    observed_at: Text | None = None
    """When the older of the two observations behind the verdict began."""
    production: dict[str, Text] = {}
    """Facts of production."""
    staging: dict[str, Text] = {}
    """Facts of staging."""
    differences: Annotated[tuple[DifferenceStatus, ...], _at_most(4096)] = ()
    """Compared facts that differ, each followed by its details; accepted ones come last."""
    unlisted: int | None = None
    """How many more facts differ than differences has. Omitted: none."""
    ending: Annotated[tuple[EndingStatus, ...], _at_most(64)] = ()
    """Acceptances with whose end, within a week, drift begins. Of Unknown and Held: as before."""
    message: Text | None = None
    """The verdict in words, with what a reader should know beside it."""


class PlanStep(StatusModel):
    """One step, in the order in which steps run."""

    phase: Text | None = None
    """prepare or switch."""
    component: Text | None = None
    """The components that the step is for, separated by commas."""
    text: Text | None = None
    """The step in words."""


class PlanLeft(StatusModel):
    """A component that a refresh would not touch."""

    component: Text | None = None
    """Name of the component."""
    why: Text | None = None
    """Why it is left alone."""


class PlanStatus(StatusModel):
    """What a refresh would do now."""

    steps: Annotated[tuple[PlanStep, ...], _at_most(4096)] = ()
    """What would be done to staging, in this order."""
    left: Annotated[tuple[PlanLeft, ...], _at_most(1024)] = ()
    """What would not be touched, and why."""


class RefreshStatus(Open):
    """A refresh: what, when, why, and how it went."""

    id: Text | None = None
    """Identity of the refresh."""
    trigger: Text | None = None
    """Schedule or Manual."""
    generation: int | None = None
    """The generation of the spec that it was made from."""
    token: Text | None = None
    """The token of the annotation refresh-at that requested it."""
    phase: Text | None = None
    """Where it is: Prepare, Switch, Verify, RollBack."""
    result: Text | None = None
    """How it ended: Succeeded, RolledBack, RollbackIncomplete, Skipped, NothingToDo."""
    reason: Text | None = None
    """Why it ended so, in one word."""
    message: Text | None = None
    """How it goes or went, in words."""
    started: Text | None = None
    """When it started."""
    finished: Text | None = None
    """When it ended."""
    steps: Annotated[tuple[dict[str, Any], ...], _at_most(4096)] = ()
    """Its steps and how far each is."""
    left: Annotated[tuple[PlanLeft, ...], _at_most(1024)] = ()
    """What it was to refresh and leaves as it is, and why."""
    components: SkipJsonSchema[tuple[str, ...]] = ()
    """What its steps were for, once it has ended."""


class DeployStatus(Open):
    """The last rollout of a tracked workload on one side, by anyone."""

    component: Text | None = None
    """Name of the component."""
    side: Text | None = None
    """production or staging."""
    at: Text | None = None
    """When it was observed."""
    message: Text | None = None
    """What was deployed and whether its provenance was verified."""


class MirrorStatus(StatusModel):
    """What was observed, and the verdict. Rewritten only when this changes, except validUntil."""

    observed_generation: int = -1
    """The generation of the spec that this status is about."""
    sync: Text | None = None
    """InSync, Drifted, Held or Unknown: the verdict."""
    activity: Text | None = None
    """What is being done: Idle, Refreshing, Frozen (by a hold on the whole mirror) or Suspended."""
    summary: Text | None = None
    """The verdict in one line."""
    seen: Text | None = None
    """How many components were observed, of how many."""
    production_cluster: Text | None = None
    """Where production is another cluster: the environment that leads there. Omitted: it is the
    cluster that the operator runs in.
    """
    valid_until: Text | None = None
    """Do not believe this status after this time."""
    in_sync_since: Text | None = None
    """Since when every observation found the same facts in sync. Only while InSync."""
    drifted_since: Text | None = None
    """Since when there is drift; it survives Unknown in between."""
    fingerprint: Text | None = None
    """Changes with everything that moves inSyncSince: what was compared, held, accepted."""
    waiting: Text | None = None
    """Why a refresh that is due has not started yet."""
    last_refresh_time: Text | None = None
    """When the last refresh ended."""
    next_refresh_time: Text | None = None
    """When the next refresh is due."""
    last_schedule_time: Text | None = None
    """The last tick of the schedule."""
    handled_check_at: Text | None = None
    """The last token of the annotation check-at that was handled, or refused with the reason."""
    handled_parity_at: Text | None = None
    """The last token of the annotation parity-at that was handled, or refused with the reason."""
    handled_refresh_at: Text | None = None
    """The last token of the annotation refresh-at that was handled, or refused with the reason."""
    conditions: Conditions = ()
    """Ready, InSync, InSyncExceptHeld, Refreshed; and, only while True, Refreshing, Stalled,
    Contended, DriftOverdue.
    """
    components: Annotated[tuple[ComponentStatus, ...], _map_by("name", 256)] = ()
    """Every component of track: verdict, facts of both sides, differences."""
    plan: PlanStatus | None = None
    """What a refresh would do now."""
    refresh: RefreshStatus | None = None
    """The refresh that is in progress: a copy of its record."""
    refreshes: Annotated[tuple[RefreshStatus, ...], _at_most(10)] = ()
    """The last refreshes and skipped ticks, newest first."""
    deploys: Annotated[tuple[DeployStatus, ...], _at_most(512)] = ()
    """The last rollout per component and side, with provenance."""


class EnvironmentStatus(StatusModel):
    """Whether the operator can read this side, and only read where it must."""

    observed_generation: int = -1
    """The generation of the spec that this status is about."""
    conditions: Conditions = ()
    """Ready: reachable, and the credentials work. KubernetesReadOnly (role Production): the
    operator's identity cannot write there. UpstreamsReadOnly (role Production): the same of its
    index stores, where they show it.
    """


class HoldStatus(StatusModel):
    """Whether the hold is in effect."""

    observed_generation: int = -1
    """The generation of the spec that this status is about."""
    effective_since: Text | None = None
    """Since when staging is left alone. A refresh in progress finishes first."""
    message: Text | None = None
    """Why it is not in effect yet, or what it could not hold."""
