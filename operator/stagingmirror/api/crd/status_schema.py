"""The statuses, as the CRDs describe them and as the commands read them.

Everything is optional and nothing is judged by the API server (no enum, pattern or CEL): a status
that cannot be written would be a verdict that cannot be told. The bounds are far above what the
operator writes.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from stagingmirror.api.types.base import CONFIG

Text = Annotated[str, Field(max_length=32768)]


class Told(BaseModel):
    """Base of what the operator writes. Fields of a newer operator are kept out, not refused."""

    model_config = CONFIG


class Open(Told):
    """Base of entries that may say more than is written down here."""

    model_config = ConfigDict(extra="allow")


def _map_by(key: str, most: int) -> Any:
    kind: dict[str, Any] = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}
    return Field(max_length=most, json_schema_extra=kind)


class Condition(Told):
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


class DifferenceTold(Told):
    """One compared fact that differs."""

    fact: Text
    """Name of the fact; with a '/', a detail of the fact before it."""
    production: Text | None = None
    """Production's value. Omitted: production does not have this fact."""
    staging: Text | None = None
    """Staging's value. Omitted: staging does not have this fact."""
    expected: Text | None = None
    """What staging should show, where that is not production's own value."""


class ComponentTold(Told):
    """What was seen of one component, and what that means."""

    name: Text
    """Name of the component in track."""
    kind: Text | None = None
    """modelAlias, pipelineImage or setting."""
    verdict: Text = "Unknown"
    """InSync, Drifted, Accepted, Held or Unknown."""
    reason: Text | None = None
    """Why the verdict is this one, in one word; of Held, the name of the hold."""
    since: Text | None = None
    """Since when the verdict is this one."""
    observed_at: Text | None = None
    """When the older of the two looks began that the verdict rests on."""
    production: Mapping[str, Text] = {}
    """Facts of production."""
    staging: Mapping[str, Text] = {}
    """Facts of staging."""
    differences: Annotated[tuple[DifferenceTold, ...], Field(max_length=4096)] = ()
    """Every compared fact that differs, accepted ones too."""
    message: Text | None = None
    """The verdict in words, with what a reader should know beside it."""


class PlanStep(Told):
    """One step, in the order in which steps run."""

    phase: Text | None = None
    """prepare or switch."""
    component: Text | None = None
    """The components that the step is for, separated by commas."""
    text: Text | None = None
    """The step in words."""


class PlanLeft(Told):
    """A component that a refresh would not touch."""

    component: Text | None = None
    """Name of the component."""
    why: Text | None = None
    """Why it is left alone."""


class PlanTold(Told):
    """What a refresh would do now."""

    steps: Annotated[tuple[PlanStep, ...], Field(max_length=4096)] = ()
    """What would be done to staging, in this order."""
    left: Annotated[tuple[PlanLeft, ...], Field(max_length=1024)] = ()
    """What would not be touched, and why."""


class RefreshTold(Open):
    """A refresh: what, when, why, and how it went."""

    id: Text | None = None
    """Identity of the refresh."""
    trigger: Text | None = None
    """Schedule or Manual."""
    generation: int | None = None
    """The generation of the spec that it was made from."""
    token: Text | None = None
    """The token of the annotation refresh-at that asked for it."""
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
    steps: Annotated[tuple[Mapping[str, Any], ...], Field(max_length=4096)] = ()
    """Its steps and how far each is."""


class DeployTold(Open):
    """The last rollout of a tracked workload on one side, by anyone."""

    component: Text | None = None
    """Name of the component."""
    side: Text | None = None
    """production or staging."""
    at: Text | None = None
    """When it was seen."""
    message: Text | None = None
    """What was deployed and whether its provenance was verified."""


class MirrorStatus(Told):
    """What was seen and what that means. It changes only when the truth does, validUntil aside."""

    observed_generation: int = -1
    """The generation of the spec that this status is about."""
    sync: Text | None = None
    """InSync, Drifted, Held or Unknown: the verdict."""
    activity: Text | None = None
    """Idle, Refreshing, Frozen or Suspended: what is being done about it."""
    summary: Text | None = None
    """The verdict in one line."""
    seen: Text | None = None
    """How many components were seen, of how many."""
    valid_until: Text | None = None
    """Do not believe this status after this time."""
    in_sync_since: Text | None = None
    """Since when every look found the same things in sync. Only while InSync."""
    drifted_since: Text | None = None
    """Since when there is drift; it survives Unknown in between."""
    fingerprint: Text | None = None
    """Changes with everything that moves inSyncSince: what was compared, held, accepted, asked
    for.
    """
    waiting: Text | None = None
    """Why a refresh that is due has not started yet."""
    last_refresh_time: Text | None = None
    """When the last refresh ended."""
    next_refresh_time: Text | None = None
    """When the next refresh is due."""
    last_schedule_time: Text | None = None
    """The last tick of the schedule."""
    handled_check_at: Text | None = None
    """The last token of the annotation check-at that was obeyed, or refused with the reason."""
    handled_refresh_at: Text | None = None
    """The last token of the annotation refresh-at that was obeyed, or refused with the reason."""
    conditions: Conditions = ()
    """Ready, InSync, InSyncExceptHeld, Refreshed; and, only while True, Refreshing, Stalled,
    Contended, DriftOverdue.
    """
    components: Annotated[tuple[ComponentTold, ...], _map_by("name", 256)] = ()
    """Every component of track: verdict, facts of both sides, differences."""
    plan: PlanTold | None = None
    """What a refresh would do now."""
    refresh: RefreshTold | None = None
    """The refresh that is in progress: a copy of its record."""
    refreshes: Annotated[tuple[RefreshTold, ...], Field(max_length=10)] = ()
    """The last refreshes and skipped ticks, newest first."""
    deploys: Annotated[tuple[DeployTold, ...], Field(max_length=512)] = ()
    """The last rollout per component and side, with provenance."""


class EnvironmentStatus(Told):
    """Whether the operator can read this side, and only read where it must."""

    observed_generation: int = -1
    """The generation of the spec that this status is about."""
    conditions: Conditions = ()
    """Ready: reachable, and the credentials work. KubernetesReadOnly (role Production): the
    operator's identity cannot write there.
    """


class HoldStatus(Told):
    """Whether the hold is in effect."""

    observed_generation: int = -1
    """The generation of the spec that this status is about."""
    effective_since: Text | None = None
    """Since when staging is left alone. A refresh in progress finishes first."""
    message: Text | None = None
    """Why it is not in effect yet, or what it could not hold."""
