"""A record as a refresh begins with it, and what is not tried again. Pure, but for the random part
of its name and what a step that failed rests on.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from stagingmirror.actions.tools import Tools
from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.mirror import Refresh
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.times import rfc3339
from stagingmirror.drift.facts import Observation, Seen
from stagingmirror.drift.plan import make
from stagingmirror.drift.steps import Left
from stagingmirror.drift.verdict import Drifted, InSync, Unknown
from stagingmirror.engine.context import Context
from stagingmirror.engine.ownership.track_entries import granted
from stagingmirror.engine.refresh.execute.guards import guards_of
from stagingmirror.engine.refresh.execute.verification import applied_of
from stagingmirror.engine.refresh.record.failure import Failure
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.start.admission import Occasion, planned


def new_record(
    context: Context, refresh: Refresh, occasion: Occasion, last: Record | None
) -> Record:
    """Everything that this refresh will go by, whatever becomes of the spec meanwhile. ``last`` is
    the mirror's last one.
    """
    wanted = planned(context.plan)
    applied = {
        judged.track.name: seen
        for judged in context.components
        if judged.track.name in wanted and (seen := applied_of(judged)) is not None
    }
    moment = rfc3339(context.now).lower().replace(":", "").replace("-", "")
    return Record(
        id=f"{moment}-{secrets.token_hex(3)}",
        uid=context.mirror.uid,
        namespace=context.mirror.key.namespace,
        name=context.mirror.key.name,
        environment=context.sides.staging.environment,
        production=context.sides.production.environment,
        generation=context.mirror.generation,
        trigger=occasion.trigger,
        token=occasion.token,
        tick=occasion.at if occasion.trigger == "Schedule" else None,
        writer="",
        started=context.now,
        timeout=seconds(refresh.timeout),
        rollout_timeout=seconds(refresh.rollout_timeout),
        entries=tuple(Entry(step) for step in context.plan.steps),
        parts=context.plan.parts,
        left_out=_left_out(context),
        companions={each.name: each.with_ for each in context.spec.track if each.with_},
        failures={} if last is None else _still(context, last.failures),
        connection=_connection(context),
        copies=() if last is None else last.all_copies,
        guards=guards_of(context, frozenset(applied)),
        applied=applied,
        rests_on=rests_on(context),
    )


def rests_on(context: Context) -> tuple[Grant, ...]:
    """Everything that the environments grant and that the plan of this pass goes by."""
    sides, namespace = context.sides, context.mirror.key.namespace
    found = {
        Grant("production", "usable_from", namespace),
        Grant("staging", "usable_from", namespace),
        Grant("staging", "namespaces", namespace),
        Grant("production", "namespaces", sides.production.namespace),
        Grant("production", "cluster", sides.production.spec.kubeconfig),
    }
    wanted = planned(context.plan)
    for judged in context.components:
        if judged.track.name in wanted:
            found |= granted(judged.track, sides) | _parts_of(judged.observations.production)
    for step in context.plan.steps:
        found |= step.grants()
    return tuple(sorted(found, key=repr))


def _parts_of(production: Observation) -> frozenset[Grant]:
    """That the variables which production's values are made from stay readable."""
    facts = production.facts.values() if isinstance(production, Seen) else ()
    names = (name for fact in facts for name in fact.made_from)
    return frozenset(Grant("production", "variables", name) for name in names)


async def failed_before(
    context: Context, occasion: Occasion, last: Record | None, tools: Tools
) -> dict[str, str]:
    """The components of steps that would only fail again, each with the reason. Whoever requests a
    refresh may have changed what nothing shows. Raises where what such a step rests on is not
    answered now.
    """
    if last is None or occasion.trigger == "Manual" or context.spec.refresh is None:
        return {}
    timeout, found = seconds(context.spec.refresh.timeout), dict[str, str]()
    for step in context.plan.steps:
        failure = last.failures.get(step.id)
        if failure is not None and failure.stands(await step.basis_now(tools), timeout):
            found |= dict.fromkeys(step.components, failure.left)
    return found


def _still(context: Context, failures: Mapping[str, Failure]) -> dict[str, Failure]:
    """Without those of components that need other steps by now, or none."""
    steps = make(context.proposals, {}).steps
    settled = {name for step in steps for name in step.components} | {
        judged.track.name for judged in context.components if isinstance(judged.verdict, InSync)
    }
    tracked, ids = {track.name for track in context.spec.track}, {step.id for step in steps}
    return {
        step: failure
        for step, failure in failures.items()
        if step in ids or (tracked - settled) & set(failure.components)
    }


def _connection(context: Context) -> dict[str, Any]:
    """Without what tells who may use the environment, and what may be seen: a rollback asks for
    neither.
    """
    spec = context.sides.staging.spec
    unused = {"usable_from", "readable", "comparable", "namespaces"}
    return spec.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=unused)


def _left_out(context: Context) -> tuple[Left, ...]:
    """What was to be refreshed and is not: neither mode, hold nor acceptance leaves it."""
    verdicts = {
        judged.track.name: judged.verdict
        for judged in context.components
        if judged.track.effective_mode == "Refresh"
    }
    return tuple(
        left
        for left in context.plan.left
        if isinstance(verdicts.get(left.component), Drifted | Unknown)
    )
