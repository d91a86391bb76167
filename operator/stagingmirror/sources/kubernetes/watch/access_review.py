"""What our own identity may do, as the cluster reports it."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from stagingmirror.api.types.base import GROUP
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.watch.watched_kinds import RESOURCES

_REVIEWS = "/apis/authorization.k8s.io/v1"
_WRITES = frozenset(
    {"create", "update", "patch", "delete", "deletecollection", "impersonate", "bind", "escalate"}
)
# Groups in which writing changes nothing of anybody's: everybody may review their own rights, and
# the statuses of our own resources are ours.
_OF_OURSELVES = frozenset({"authorization.k8s.io", "authentication.k8s.io", GROUP})
# Resources that only report: our account may write Events wherever a mirror may be.
_REPORTS = frozenset({"events"})
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


# What watching a namespace needs.
READS: tuple[Permission, ...] = tuple(
    Permission(verb, resource.group.rpartition("/")[0], resource.plural)
    for resource in RESOURCES.values()
    for verb in ("get", "list", "watch")
)


async def may_write(client: KubernetesClient, namespace: str) -> bool | None:
    """Whether our identity could change anything in this namespace; None where the cluster cannot
    answer (an authorizer that does not list its rules).
    """
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    answer = await client.request("POST", f"{_REVIEWS}/selfsubjectrulesreviews", body=review)
    status: Mapping[str, Any] = answer.get("status") or {}
    if any(_writes(rule) for rule in status.get("resourceRules") or ()):
        return True
    return None if status.get("incomplete", True) else False


async def missing_permissions(
    client: KubernetesClient, namespace: str, needed: Iterable[Permission]
) -> tuple[Permission, ...]:
    """Those that the cluster denies to our account, in their order."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def is_denied(permission: Permission) -> bool:
        resource, _, subresource = permission.resource.partition("/")
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {
                "resourceAttributes": {
                    "namespace": namespace,
                    "verb": permission.verb,
                    "group": permission.group,
                    "resource": resource,
                    "subresource": subresource,
                }
            },
        }
        path = f"{_REVIEWS}/selfsubjectaccessreviews"
        async with slots:
            answer = await client.request("POST", path, body=review)
        return not (answer.get("status") or {}).get("allowed")

    wanted = tuple(needed)
    answers = await asyncio.gather(*map(is_denied, wanted))
    return tuple(one for one, denied in zip(wanted, answers, strict=True) if denied)


def denial(missing: Iterable[Permission], namespace: str) -> str:
    """One sentence that names verb, resource and namespace, for a condition or a message."""
    what = ", ".join(map(str, missing))
    return f"Our account may not {what} in namespace {namespace}: give it a Role that allows it."


def _writes(rule: Mapping[str, Any]) -> bool:
    verbs = set(rule.get("verbs") or ())
    if not (verbs & _WRITES or "*" in verbs):
        return False
    if set(rule.get("resources") or ()) <= _REPORTS:
        return False
    return not set(rule.get("apiGroups") or ()) <= _OF_OURSELVES
