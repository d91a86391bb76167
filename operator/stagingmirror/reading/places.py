"""Where the things are that a track entry names, and what CEL cannot check of them."""

from collections.abc import Iterable

from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.references import WorkloadReference
from stagingmirror.component import Side, Sides
from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import OWN, WorkloadSubject


def namespace_of(given: str | None, side: Side) -> str:
    """The namespace that a reference means. Staging's is always the mirror's own: nothing else is
    ever written.
    """
    return side.namespace if side.role == "staging" else given or side.namespace


def cluster_of(side: Side) -> str:
    """Of the subjects of a side. Staging is always in the operator's own cluster."""
    here = side.role == "staging" or side.spec.cluster is None
    return OWN if here else side.environment


def workload_of(reference: WorkloadReference, side: Side) -> WorkloadSubject:
    namespace = namespace_of(reference.namespace, side)
    return WorkloadSubject(cluster_of(side), reference.template, namespace, reference.name)


def not_listed(component: str, side: Side, namespaces: Iterable[str]) -> Why | None:
    """Why these namespaces may not be read; None: the environment lists each of them."""
    for namespace in namespaces:
        if namespace not in side.spec.namespaces:
            return Why(
                Reason.NAMESPACE_NOT_LISTED,
                f"track[{component}]: namespace {namespace} is not listed in namespaces of "
                f'environment "{side.environment}"; ask its owner to add it, or name another one.',
            )
    return None


def both_listed(
    component: str, sides: Sides, production: Iterable[str], staging: Iterable[str]
) -> Why | None:
    return not_listed(component, sides.production, production) or not_listed(
        component, sides.staging, staging
    )


def namespace_grants(side: Side, namespaces: Iterable[str]) -> frozenset[Grant]:
    """That the environment lists each of them."""
    return frozenset(Grant(side.role, "namespaces", each) for each in namespaces)


def same_workload(
    component: str, production: Iterable[WorkloadSubject], staging: Iterable[WorkloadSubject]
) -> Why | None:
    """Why an entry whose two sides meet in one workload means nothing; None: they do not."""
    shared = sorted(set(production) & set(staging))
    return same_thing(component, str(shared[0])) if shared else None


def same_thing(component: str, what: str) -> Why:
    return Why(
        Reason.SAME_THING,
        f"track[{component}]: production and staging are the same {what}; name another one for "
        "one of them.",
    )
