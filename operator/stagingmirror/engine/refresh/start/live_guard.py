"""Whether a mirror may write, by live reads of the API server: before a refresh starts and before
each of its writes, because watches may lag.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.parse import parse_environment
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.component import Role
from stagingmirror.drift.facts import Hold, Why
from stagingmirror.engine.environments.resolve import protected_by, unproven_by
from stagingmirror.engine.holds.active import in_force, may_hold, read
from stagingmirror.engine.resources.client import path
from stagingmirror.engine.resources.mirror import MirrorKey, is_leaving
from stagingmirror.errors import NeedsHuman, NotThere
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.write.step_errors import not_proven
from stagingmirror.sources.kubernetes.write.writer import Writer

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Live:
    """Bodies as of now; None: not there. ``holds`` are those of the mirror, or of the components
    given to ``fetch``, that have not expired.
    ``protected_by``: the Production environment that lists the mirror's namespace, if any does.
    """

    mirror: Body | None
    production: Body | None
    staging: Body | None
    holds: tuple[Hold, ...]
    protected_by: str | None


async def fetch(
    writer: Writer,
    key: MirrorKey,
    *,
    production: str,
    staging: str,
    components: frozenset[str],
    now: float,
) -> Live:
    """Raises NotAnswered or NotAllowed where any of it cannot be known, or where a namespace of
    this name is production's in a cluster that may be this one.
    """
    collection = f"/apis/{API_VERSION}/namespaces/{key.namespace}/mirrorholds"
    mirror, environments, holds = await asyncio.gather(
        _find(writer, path("stagingmirrors", key.name, key.namespace)),
        writer.select(f"/apis/{API_VERSION}/mirrorenvironments"),
        writer.matching(collection, lambda body: may_hold(body, key, components, now)),
    )
    if key.namespace in unproven_by(environments, writer.is_elsewhere):
        raise not_proven(key.namespace)
    by_name = {body["metadata"]["name"]: body for body in environments}
    requests = filter(None, map(read, holds))
    found = tuple(request.hold for request in in_force(requests, key, now))
    return Live(
        mirror,
        by_name.get(production),
        by_name.get(staging),
        found,
        protected_by(environments, writer.is_elsewhere).get(key.namespace),
    )


async def stays(writer: Writer, key: MirrorKey, uid: str) -> bool:
    """Whether the mirror of this uid is there. One that is being deleted and waits for a finalizer
    is not: a deletion cannot be undone.
    """
    body = await _find(writer, path("stagingmirrors", key.name, key.namespace))
    return body is not None and body["metadata"]["uid"] == uid and not is_leaving(body)


def must_stop(
    live: Live, key: MirrorKey, uid: str, components: frozenset[str], rests_on: Iterable[Grant]
) -> Why | None:
    """Why a refresh of these components, which rests on these grants, may write no more; None: it
    may go on.
    """
    mirror = live.mirror
    if mirror is None or is_leaving(mirror) or mirror["metadata"]["uid"] != uid:
        return Why(Reason.MIRROR_DELETED, "the StagingMirror was deleted.")
    refresh = (mirror.get("spec") or {}).get("refresh")
    if refresh is None:
        return Why(Reason.NO_REFRESH, "spec.refresh was removed: this mirror only watches.")
    if refresh.get("suspend"):
        return Why(Reason.SUSPENDED, "the mirror is suspended (spec.refresh.suspend).")
    hold = holding(live.holds, components)
    if hold is not None:
        return Why(Reason.HELD, f"{hold.name} holds staging: {hold.reason}.")
    if live.protected_by is not None:
        return Why(
            Reason.PRODUCTION_IS_READ_ONLY,
            f"namespace {key.namespace} is listed by Production environment {live.protected_by}.",
        )
    return _revoked("production", live.production, rests_on) or _revoked(
        "staging", live.staging, rests_on
    )


def holding(holds: tuple[Hold, ...], components: frozenset[str]) -> Hold | None:
    """The first hold of the whole mirror or of one of these components."""
    meant = (hold for hold in holds if not hold.components or hold.components & components)
    return next(meant, None)


def _revoked(side: Role, environment: Body | None, rests_on: Iterable[Grant]) -> Why | None:
    if environment is None or is_leaving(environment):
        return Why(Reason.ENVIRONMENT_REVOKED, f"the {side} environment was deleted.")
    name = environment["metadata"]["name"]
    try:
        spec = parse_environment(environment)
    except NeedsHuman as error:
        return Why(
            Reason.ENVIRONMENT_REVOKED, f"environment {name} cannot be read ({error.message})"
        )
    if spec.role.lower() != side:
        return Why(Reason.ENVIRONMENT_REVOKED, f"environment {name} has role {spec.role} now.")
    for grant in rests_on:
        if grant.side == side and not grant.is_given_by(spec):
            return Why(Reason.ENVIRONMENT_REVOKED, grant.missing_in(name))
    return None


async def _find(writer: Writer, path: str) -> Body | None:
    try:
        return await writer.get(path)
    except NotThere:
        return None
