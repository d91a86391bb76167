"""Whatever spec the API server admits: the mirror gets a status, and so do all others."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from rig.control_plane import ControlPlane
from rig.kube import Refused
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from support.operators.operator import World, a_running_world, emptied
from support.resources.resources import Object, resource
from support.resources.specs_generated import holds, mirrors

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-admitted")]

MIRRORS = 12
HOLDS = 6


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with a_running_world(control_plane) as world:
        yield world


# Some are long: that they make a long repr is no failure.
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(
    max_examples=3,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(
    st.lists(mirrors(), min_size=MIRRORS, max_size=MIRRORS),
    st.lists(holds(), min_size=HOLDS, max_size=HOLDS),
)
def test_each_spec_that_is_admitted_gets_a_status_and_holds_back_no_other(
    world: World, generated: list[Object], holding: list[Object]
) -> None:
    sides = {
        "production": {
            "environment": world.environments["production"],
            "namespace": world.production,
        },
        "staging": {"environment": world.environments["staging"]},
    }
    emptied(world)
    for number, spec in enumerate(holding):
        _made(world, "MirrorHold", f"hold-{number}", {**spec, "mirrors": []})
    made = [
        name
        for number, spec in enumerate(generated)
        if _made(world, "StagingMirror", name := f"odd-{number}", spec | sides)
    ]

    assume(made)  # where nothing was admitted, nothing is shown
    until(
        lambda: all(_is_answered(world.read(name)) for name in made),
        within=90,
        what="one has no status",
    )
    world.until_settled(within=30)


def _made(world: World, kind: str, name: str, spec: Object) -> bool:
    try:
        world.kube.create(resource(kind, name, spec, world.staging))
    except Refused as refused:
        if refused.code not in (400, 422):
            raise
        return False
    return True


def _is_answered(body: Any) -> bool:
    status = body.get("status") or {}
    return bool(
        body["apiVersion"] == API_VERSION
        and status.get("conditions")
        and status.get("observedGeneration") == body["metadata"]["generation"]
    )
