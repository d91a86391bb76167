"""A Rollout whose pod template is another object's (``workloadRef``): it is read there. Pure."""

from dataclasses import replace
from typing import Protocol

from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.entries import Declared
from stagingmirror.sources.kubernetes.objects.store import Store

_READ = "Deployment"


class HasDeployments(Protocol):
    @property
    def deployments(self) -> Store[Declared]: ...


def refers_to(declared: Declared, workload: Declared) -> bool:
    """Whether its template is that of this Deployment."""
    reference = declared.update.reference if declared.update else None
    return reference is not None and (reference.kind, reference.name) == (_READ, workload.name)


def resolved(declared: Declared, stores: HasDeployments) -> tuple[Declared, Why | None]:
    """With the template that it refers to, and why that is not known. Its controller has caught up
    only where it has seen the newest generation of both.
    """
    reference = declared.update.reference if declared.update else None
    if reference is None:
        return declared, None
    who = f"{declared.kind} {declared.namespace}/{declared.name}"
    where = f"{reference.kind} {reference.name} (workloadRef)"
    if reference.kind != _READ:
        what = (
            f"{who} has its pod template from {where}, which is not read; name a Deployment there."
        )
        return declared, Why(Reason.TEMPLATE_ELSEWHERE, what)
    found = stores.deployments.named(declared.namespace, reference.name)
    if found is None:
        what = f"{who} has its pod template from {where}, which is not there; create it."
        return declared, Why(Reason.NOT_THERE, what)
    with_template = replace(
        declared,
        containers=found.containers,
        template=found.template,
        config_maps=found.config_maps,
        caught_up=declared.caught_up and reference.seen >= found.generation,
    )
    return with_template, None
