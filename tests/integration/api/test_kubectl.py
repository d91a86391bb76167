"""What people meet with plain kubectl: explain, columns, short names, waiting, statuses."""

import copy
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from rig.run import until
from stagingmirror.api.status.summary import MAX_SUMMARY
from stagingmirror.api.types.base import API_VERSION
from support.operators.rigs import make_namespace
from support.resources.definitions import install
from support.resources.resources import Object, environment, hold, mirror

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> ControlPlane:
    install(control_plane.kube)
    until(
        lambda: succeeds(control_plane, "explain", "mhold.spec"),
        within=60,
        what="the API server does not publish what the definitions say",
        every=0.5,
    )
    return control_plane


def succeeds(plane: ControlPlane, *command: str) -> bool:
    try:
        plane.kubectl(*command)
    except subprocess.CalledProcessError:
        return False
    return True


@pytest.fixture(scope="module")
def space(plane: ControlPlane) -> Iterator[str]:
    name = make_namespace(plane.kube, "api")
    yield name
    plane.kube.delete("v1", "Namespace", name)


STATUS: Object = {
    "observedGeneration": 1,
    "sync": "Drifted",
    "activity": "Idle",
    "summary": "1 of 2 drifted: fraud-model",
    "seen": "2/2",
    "validUntil": "2099-11-22T14:03:41Z",
    "driftedSince": "2026-11-22T10:51:00Z",
    "lastRefreshTime": "2026-11-21T06:00:59Z",
    "nextRefreshTime": "2099-11-23T05:00:00Z",
    "lastScheduleTime": "2026-11-21T06:00:00Z",
    "handledCheckAt": "t1",
    "handledRefreshAt": "t2",
    "conditions": [
        {
            "type": "InSync",
            "status": "False",
            "observedGeneration": 1,
            "lastTransitionTime": "2026-11-22T10:51:00Z",
            "reason": "Drifted",
            "message": "fraud-model: production runs version 12, staging runs version 11",
        }
    ],
    "components": [
        {
            "name": "fraud-model",
            "kind": "modelAlias",
            "verdict": "Drifted",
            "since": "2026-11-22T10:51:00Z",
            "observedAt": "2026-11-22T14:00:00Z",
            "production": {"contentHash": "sha256:9f0c", "contentHash/a.json": "sha256:77b1"},
            "staging": {"contentHash": "sha256:41d7"},
            "differences": [{"fact": "contentHash", "production": "sha256:9f0c"}],
            "message": "contentHash differs",
        }
    ],
    "plan": {
        "steps": [{"phase": "switch", "component": "fraud-model", "text": "alias moves"}],
        "left": [{"component": "embedding", "why": "only reported (mode Report)"}],
    },
    "refresh": {"id": "r1", "trigger": "Manual", "phase": "Verify", "steps": [{"id": "s", "n": 1}]},
    "refreshes": [{"id": "r0", "result": "Succeeded", "seconds": 59}],
    "deploys": [{"component": "fraud-model", "side": "staging", "provenance": {"runId": "6b1f"}}],
}


def put_status(kube: Kube, thing: Object, status: Object) -> Object:
    return kube.patch(
        API_VERSION,
        thing["kind"],
        thing["metadata"]["name"],
        thing["metadata"].get("namespace"),
        {"status": copy.deepcopy(status)},
        subresource="status",
    )


def condition(type_: str, status: str = "True", *, generation: int) -> Object:
    return {"type": type_, "status": status, "observedGeneration": generation, "reason": "Tested"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("smir.spec.production", "It is only ever read"),
        ("smir.spec.staleAfter", "does not count"),
        ("smir.spec.refresh.schedule", "minute hour day month weekday"),
        ("smir.spec.track", "each with a name and exactly one kind"),
        ("smir.spec.track.mode", "Report for setting.variable"),
        ("smir.spec.track.modelAlias.production.loadedBy.value", "models:/NAME/NUMBER"),
        ("smir.spec.track.pipelineImage.staging.repository", "digest is always"),
        ("smir.spec.track.setting.load.timeout", "Default: 1h."),
        ("smir.spec.accept.until", "RFC 3339"),
        ("smir.status.validUntil", "Do not believe this status after"),
        ("smir.status.components.differences", "differs"),
        ("menv.spec.usableFrom", "None by default"),
        ("menv.spec.mlflow.credentialsSecretRef", "operator's own namespace"),
        ("menv.spec.comparable", "by an HMAC that is never shown"),
        ("mhold.spec.components", "shown as Held"),
        ("mhold.status.effectiveSince", "refresh in progress finishes first"),
    ],
)
def test_kubectl_explain_tells_what_a_field_means(
    plane: ControlPlane, path: str, words: str
) -> None:
    told = " ".join(plane.kubectl("explain", path).split())

    assert words in told


def test_a_whole_status_is_stored_as_it_was_written(plane: ControlPlane, space: str) -> None:
    thing = plane.kube.create(mirror("whole", space))

    stored = put_status(plane.kube, thing, STATUS)

    assert stored["status"] == STATUS


def test_a_new_object_is_not_read_as_observed(plane: ControlPlane, space: str) -> None:
    made = [
        plane.kube.create(mirror("fresh", space)),
        plane.kube.create(hold("fresh", space)),
        plane.kube.create(environment("fresh")),
    ]

    assert [thing["status"] for thing in made] == [{"observedGeneration": -1}] * 3
    plane.kube.delete(API_VERSION, "MirrorEnvironment", "fresh")


def test_the_table_shows_the_verdict_and_no_future_time_is_invalid(
    plane: ControlPlane, space: str
) -> None:
    put_status(plane.kube, plane.kube.create(mirror("table", space)), STATUS)

    head, row = plane.kubectl("get", "smir", "table", "-n", space).splitlines()
    _, wide = plane.kubectl("get", "smir", "table", "-n", space, "-o", "wide").splitlines()

    assert head.split("   ")[0] == "NAME"
    assert [word.strip() for word in head.split("   ") if word.strip()] == [
        *("NAME", "SYNC", "SUMMARY", "SEEN", "VALID UNTIL"),
        *("LAST REFRESH", "NEXT REFRESH", "AGE"),
    ]
    assert "Drifted" in row
    assert "1 of 2 drifted: fraud-model" in row
    assert "2099-11-22T14:03:41Z" in row
    assert "<invalid>" not in row
    assert "Idle" in wide
    assert "production runs version 12" in wide


def test_the_longest_summary_leaves_the_table_on_a_screen(plane: ControlPlane, space: str) -> None:
    status = {**STATUS, "sync": "Unknown", "summary": "x" * MAX_SUMMARY}
    put_status(plane.kube, plane.kube.create(mirror("wide", space)), status)
    plane.kube.create(hold("wide", space, mirrors=[f"mirror-{n}" for n in range(64)]))

    lines = plane.kubectl("get", "smir", "wide", "-n", space).splitlines()
    holds = plane.kubectl("get", "mhold", "wide", "-n", space).splitlines()

    assert max(map(len, lines)) <= 200
    assert max(map(len, holds)) <= 100
    assert "candidate 14" in holds[1]


def test_environments_and_holds_have_tables_too(plane: ControlPlane, space: str) -> None:
    side = plane.kube.create(environment("tabled"))
    put_status(
        plane.kube,
        side,
        {
            "conditions": [
                condition("Ready", generation=1),
                condition("KubernetesReadOnly", "False", generation=1),
            ]
        },
    )
    plane.kube.create(hold("tabled", space, mirrors=["fraud"]))

    environments = plane.kubectl("get", "menv", "tabled")
    holds = plane.kubectl("get", "mhold", "-n", space, "tabled")

    assert "READ ONLY" in environments
    assert environments.splitlines()[1].split()[:4] == ["tabled", "Production", "True", "False"]
    assert "candidate 14" in holds
    assert "2099-11-25T18:00:00Z" in holds
    plane.kube.delete(API_VERSION, "MirrorEnvironment", "tabled")


def test_one_word_lists_everything_of_the_product(plane: ControlPlane, space: str) -> None:
    plane.kube.create(mirror("grouped", space))

    assert "stagingmirror.stagingmirror.dev/grouped" in plane.kubectl(
        "get", "stagingmirror", "-n", space, "-o", "name"
    )


def waits(plane: ControlPlane, *arguments: str, seconds: float = 20) -> bool:
    return succeeds(plane, "wait", *arguments, f"--timeout={seconds:g}s")


@pytest.mark.parametrize(
    "type_",
    [
        *("Ready", "InSync", "InSyncExceptHeld", "Refreshing"),
        *("Stalled", "Contended", "DriftOverdue", "Refreshed"),
    ],
)
def test_kubectl_waits_for_each_condition(plane: ControlPlane, space: str, type_: str) -> None:
    name = f"wait-{type_.lower()}"
    thing = plane.kube.create(mirror(name, space))
    put_status(plane.kube, thing, {"conditions": [condition(type_, generation=1)]})

    assert waits(plane, f"--for=condition={type_}", f"smir/{name}", "-n", space)


def test_kubectl_does_not_believe_a_condition_of_an_older_generation(
    plane: ControlPlane, space: str
) -> None:
    thing = plane.kube.create(mirror("older", space))
    put_status(plane.kube, thing, {"conditions": [condition("InSync", generation=1)]})
    plane.kube.patch(
        API_VERSION, "StagingMirror", "older", space, {"spec": {"checkInterval": "20s"}}
    )

    assert not waits(plane, "--for=condition=InSync", "smir/older", "-n", space, seconds=1)

    put_status(plane.kube, thing, {"conditions": [condition("InSync", generation=2)]})
    assert waits(plane, "--for=condition=InSync", "smir/older", "-n", space)


def test_writing_a_status_does_not_move_the_generation(plane: ControlPlane, space: str) -> None:
    thing: dict[str, Any] = plane.kube.create(mirror("steady", space))

    stored = put_status(plane.kube, thing, STATUS)

    assert stored["metadata"]["generation"] == thing["metadata"]["generation"] == 1


def test_a_bounded_status_that_is_far_too_large_is_refused(plane: ControlPlane, space: str) -> None:
    """The operator truncates; the bound is there so that a fault does not fill etcd."""
    thing = plane.kube.create(mirror("large", space))

    with pytest.raises(Exception, match=r"status\.summary"):
        put_status(plane.kube, thing, {"summary": "x" * 32769})
