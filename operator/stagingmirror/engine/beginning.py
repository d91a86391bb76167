"""The last look before a refresh begins, and the record that it begins with."""

import secrets

from stagingmirror.api.duration import seconds
from stagingmirror.api.mirror import Refresh
from stagingmirror.api.parse import parse_environment
from stagingmirror.api.times import rfc3339
from stagingmirror.cluster.writer import Writer
from stagingmirror.engine import live
from stagingmirror.engine.applied import applied_of
from stagingmirror.engine.case import Case
from stagingmirror.engine.record import Entry, Record
from stagingmirror.engine.starting import Decision, Occasion, Skip, Start, Wait, planned
from stagingmirror.errors import NeedsHuman


async def confirm(case: Case, writer: Writer) -> Decision:
    """What we watch may lag: asked live, it must be what was judged."""
    production, staging = case.sides.production, case.sides.staging
    now = await live.ask(
        writer,
        case.key,
        production=production.environment,
        staging=staging.environment,
        now=case.now,
    )
    why = live.must_stop(now, case.key, case.uid, frozenset())
    if why is not None:
        return Skip(why.reason, why.message)
    as_judged = (
        now.mirror is not None
        and int(now.mirror["metadata"].get("generation") or 0) == case.generation
        and _same_spec(now.production, production.spec)
        and _same_spec(now.staging, staging.spec)
        and live.holding(now.holds, planned(case.plan)) is None
    )
    return Start() if as_judged else Wait("something has just changed; it is looked at anew", 0.5)


def new_record(case: Case, refresh: Refresh, occasion: Occasion) -> Record:
    """Everything that this refresh will go by, whatever becomes of the spec meanwhile."""
    wanted = planned(case.plan)
    applied = {
        judged.track.name: seen
        for judged in case.components
        if judged.track.name in wanted and (seen := applied_of(judged)) is not None
    }
    moment = rfc3339(case.now).lower().replace(":", "").replace("-", "")
    return Record(
        id=f"{moment}-{secrets.token_hex(3)}",
        uid=case.uid,
        namespace=case.key.namespace,
        name=case.key.name,
        environment=case.sides.staging.environment,
        production=case.sides.production.environment,
        generation=case.generation,
        trigger=occasion.trigger,
        token=occasion.token,
        tick=occasion.at if occasion.trigger == "Schedule" else None,
        writer="",
        started=case.now,
        timeout=seconds(refresh.timeout),
        rollout_timeout=seconds(refresh.rollout_timeout),
        entries=tuple(Entry(step) for step in case.plan.steps),
        applied=applied,
    )


def _same_spec(body: live.Body | None, spec: object) -> bool:
    try:
        return body is not None and parse_environment(body) == spec
    except NeedsHuman:
        return False
