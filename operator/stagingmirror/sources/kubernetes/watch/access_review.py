"""What our own identity may do, as the cluster reports it."""

import asyncio
from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple

from stagingmirror.api.types.base import GROUP
from stagingmirror.sources.kubernetes.api.errors import shaped
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader, Review
from stagingmirror.sources.kubernetes.watch.watched_kinds import ALWAYS, RESOURCES

_WRITES = frozenset(
    {"create", "update", "patch", "delete", "deletecollection", "impersonate", "bind", "escalate"}
)
# Groups in which writing changes nothing of anybody's: everybody may review their own rights, and
# the statuses of our own resources are ours.
_OF_OURSELVES = frozenset({"authorization.k8s.io", "authentication.k8s.io", GROUP})
# Resources that only report: our account may write Events wherever a mirror may be.
_REPORTS = frozenset({"events"})
# Behind these is a shell in a container. API servers before 1.35, and kubelets, let anybody in who
# may ``get`` them (KEP-4006).
_INTO_PODS = frozenset({"pods/exec", "pods/attach", "pods/portforward", "nodes/proxy"})
_AT_ONCE = 8


class Permission(NamedTuple):
    """``group`` is empty for the core group; ``resource`` is a plural, ``pods/log`` for a
    subresource.
    """

    verb: str
    group: str
    resource: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}" + (f".{self.group}" if self.group else "")


def _reads(kinds: Container[str]) -> tuple[Permission, ...]:
    return tuple(
        Permission(verb, resource.group.rpartition("/")[0], resource.plural)
        for kind, resource in RESOURCES.items()
        if kind in kinds and not resource.cluster_wide
        for verb in ("get", "list", "watch")
    )


# What watching a namespace needs, whatever is named there.
READS: tuple[Permission, ...] = _reads(ALWAYS)
# What is granted, so that a workload of any kind can be named.
ALL_READS: tuple[Permission, ...] = _reads(RESOURCES)

# What is reviewed verb by verb where a cluster does not list our rights: writes of what we read,
# and of what gives the most away.
WRITES: tuple[Permission, ...] = (
    *(
        Permission(verb, resource.group.rpartition("/")[0], resource.plural)
        for resource in RESOURCES.values()
        if not resource.cluster_wide
        for verb in ("create", "update", "patch", "delete", "deletecollection")
    ),
    *(Permission(verb, "", "secrets") for verb in ("create", "update", "patch", "delete")),
    *(
        Permission(verb, "", f"pods/{how}")
        for how in ("exec", "attach", "portforward")
        for verb in ("create", "get")
    ),
    Permission("patch", "", "pods/ephemeralcontainers"),
)


async def may_write(client: KubernetesReader, namespace: str) -> bool | None:
    """Whether our identity could change anything in this namespace, or open a shell in a pod; None
    where the cluster cannot answer (an authorizer that does not list its rules).
    """
    what: Review = "SelfSubjectRulesReview"
    status = await client.review(what, {"namespace": namespace})
    if shaped(status, what, lambda found: any(map(_writes, found.get("resourceRules") or ()))):
        return True
    return False if status.get("incomplete") is False else None


async def missing_permissions(
    client: KubernetesReader, namespace: str, needed: Iterable[Permission]
) -> tuple[Permission, ...]:
    """Those that the cluster denies to our account, in their order."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def is_denied(permission: Permission) -> bool:
        resource, _, subresource = permission.resource.partition("/")
        attributes = {
            "namespace": namespace,
            "verb": permission.verb,
            "group": permission.group,
            "resource": resource,
            "subresource": subresource,
        }
        async with slots:
            status = await client.review(
                "SelfSubjectAccessReview", {"resourceAttributes": attributes}
            )
        return status.get("allowed") is not True

    wanted = tuple(needed)
    answers = await asyncio.gather(*map(is_denied, wanted))
    return tuple(one for one, denied in zip(wanted, answers, strict=True) if denied)


async def allowed_writes(client: KubernetesReader, namespace: str) -> tuple[Permission, ...]:
    """Those of ``WRITES`` that the cluster allows our account. Errors: those of the client."""
    denied = await missing_permissions(client, namespace, WRITES)
    return tuple(each for each in WRITES if each not in denied)


def denial(missing: Iterable[Permission], namespace: str) -> str:
    """One sentence that names verb, resource and namespace, for a condition or a message."""
    what = ", ".join(map(str, missing))
    return f"Our account may not {what} in namespace {namespace}: give it a Role that allows it."


def _writes(rule: Mapping[str, Any]) -> bool:
    verbs, resources, groups = (
        set(rule.get(each) or ()) for each in ("verbs", "resources", "apiGroups")
    )
    if "get" in verbs and resources & {"*", *_INTO_PODS} and groups & {"", "*"}:
        return True
    if not (verbs & _WRITES or "*" in verbs):
        return False
    if resources <= _REPORTS:
        return False
    return not groups <= _OF_OURSELVES
