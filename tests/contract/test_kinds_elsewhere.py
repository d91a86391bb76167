"""What every kind must do where production is in another cluster: read it there."""

from dataclasses import replace

import pytest

from stagingmirror.api.spec.environment import Cluster
from stagingmirror.component import Role, Sides
from stagingmirror.drift.facts import Seen
from stagingmirror.sources.kubernetes.subjects import OWN, ClusterSubject
from support.kinds.builders import NOW, PRODUCTION, STAGING
from support.kinds.kinds import EXAMPLES, Example
from support.kinds.recording import recording

ROLES: tuple[Role, ...] = ("production", "staging")
REFERENCE = {"kubeconfigSecretRef": {"name": "production-cluster", "key": "kubeconfig"}}


def in_another_cluster(sides: Sides) -> Sides:
    cluster = {"cluster": Cluster.model_validate(REFERENCE)}
    spec = sides.production.spec.model_copy(update=cluster)
    return replace(sides, production=replace(sides.production, spec=spec))


@pytest.mark.parametrize(
    ("example", "change"),
    [
        pytest.param(example, name, id=f"{example.name}: {name}")
        for example in EXAMPLES
        for name in example.changes
    ],
)
def test_production_is_read_in_its_cluster_and_staging_in_ours(
    example: Example, change: str
) -> None:
    sides, world = in_another_cluster(example.sides), example.equal()
    example.changes[change](world)
    view = recording(world)

    production, staging = (
        example.kind.observe(example.entry, sides, role, view, NOW) for role in ROLES
    )
    assert isinstance(production, Seen)
    example.kind.plan(example.entry, sides, production, staging, view)

    read = {
        (each.namespace, each.cluster) for each in view.subjects if isinstance(each, ClusterSubject)
    }
    assert read <= {(PRODUCTION, sides.production.environment), (STAGING, OWN)}
