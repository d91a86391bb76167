"""The command as people run it, a process of its own, against a real API server.

Statuses and the Lease are written by hand, so that every state of an operator can be had: alive,
slow, dead, never there.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from rig.programs import program
from stagingmirror.api.model import API_VERSION
from stagingmirror.api.times import rfc3339
from support.resources import Object, install_crds, mirror
from support.rigs import make_namespace
from support.statuses import DRIFTED_MODEL, HELD_ENCODER, UNSEEN, component, status

pytestmark = pytest.mark.integration

LEASES = "coordination.k8s.io/v1"
SCHEDULE = {"schedule": "0 6 * * 1-5", "timeZone": "Europe/Berlin"}


@dataclass(frozen=True)
class Told:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Place:
    """A namespace of mirrors, one of an operator, and somebody who may only look."""

    kube: Kube
    namespace: str
    operator: str
    kubeconfig: Path

    def run(self, *arguments: str, **environment: str) -> Told:
        begun = subprocess.run(
            [
                *(sys.executable, "-m", "stagingmirror", *arguments, "-n", self.namespace),
                *("--kubeconfig", str(self.kubeconfig), "--operator-namespace", self.operator),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "COLUMNS": "200", "USER": "dana", **environment},
            check=False,
        )
        return Told(begun.returncode, begun.stdout, begun.stderr)

    def settle(self, age: float | None = 0.0) -> None:
        """What the leader's Lease says; None: it never settled."""
        said = {} if age is None else {"stagingmirror.dev/settled-at": rfc3339(time.time() - age)}
        lease = {
            "apiVersion": LEASES,
            "kind": "Lease",
            "metadata": {
                "name": "stagingmirror",
                "namespace": self.operator,
                "annotations": said,
            },
        }
        self.kube.apply(lease)

    def mirror(
        self, name: str, *components: Object, told: Object | None = None, **spec: Any
    ) -> None:
        self.kube.create(mirror(name, self.namespace, **spec))
        self.tell(name, status(*components, now=time.time(), **(told or {})))

    def tell(self, name: str, what: Object) -> None:
        patch = {"status": what}
        self.kube.patch(
            API_VERSION, "StagingMirror", name, self.namespace, patch, subresource="status"
        )

    def get(self, name: str) -> Object:
        return self.kube.get(API_VERSION, "StagingMirror", name, self.namespace)


RIGHTS = [
    {
        "apiGroups": ["stagingmirror.dev"],
        "resources": ["stagingmirrors"],
        "verbs": ["get", "list", "patch"],
    },
    {
        "apiGroups": ["stagingmirror.dev"],
        "resources": ["mirrorholds"],
        "verbs": ["get", "list", "create", "delete"],
    },
]


def allow(kube: Kube, namespace: str, rules: list[Object], account: str, home: str) -> None:
    rbac = "rbac.authorization.k8s.io"
    place = {"name": f"{account}-here", "namespace": namespace}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": home}
    role = {"apiGroup": rbac, "kind": "Role", "name": place["name"]}
    kube.create({"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": place, "rules": rules})
    kube.create(
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": place,
            "roleRef": role,
            "subjects": [subject],
        }
    )


LEASE_RULE = {
    "apiGroups": ["coordination.k8s.io"],
    "resources": ["leases"],
    "resourceNames": ["stagingmirror"],
    "verbs": ["get"],
}


@pytest.fixture
def place(control_plane: ControlPlane) -> Iterator[Place]:
    kube = control_plane.kube
    install_crds(kube)
    here, operator = make_namespace(kube, "cli"), make_namespace(kube, "operator")
    kubeconfig = control_plane.service_account(here, "dana")
    allow(kube, here, RIGHTS, "dana", here)
    allow(kube, operator, [LEASE_RULE], "dana", here)
    made = Place(kube, here, operator, kubeconfig)
    made.settle()
    yield made
    for name in (here, operator):
        kube.delete("v1", "Namespace", name)


@contextmanager
def operator_that(act: Callable[[], object]) -> Iterator[None]:
    """Does this again and again beside the command, as an operator would."""
    over, trouble = threading.Event(), []

    def work() -> None:
        while not over.wait(0.1):
            try:
                act()
            except Exception as error:  # noqa: BLE001 - carried to the test's own thread
                trouble.append(error)
                return

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join(timeout=30)
    assert not trouble, trouble


def echoing(place: Place, name: str, *components: Object) -> Callable[[], None]:
    """Answers a check token with these components."""

    def act() -> None:
        seen = place.get(name)
        asked = (seen["metadata"].get("annotations") or {}).get("stagingmirror.dev/check-at")
        if asked and seen["status"].get("handledCheckAt") != asked:
            place.tell(name, status(*components, now=time.time(), handledCheckAt=asked))

    return act


@pytest.mark.parametrize(
    ("components", "code", "words"),
    [
        ((component("a"),), 0, "✓ fraud: in sync (1 of 1)"),
        ((DRIFTED_MODEL,), 3, "✗ fraud: drifted (fraud-model)"),
        ((HELD_ENCODER,), 3, "~ fraud: held"),
        ((UNSEEN,), 4, "? fraud: unknown (index"),
    ],
)
def test_check_answers_with_its_exit_code(
    place: Place, components: tuple[Object, ...], code: int, words: str
) -> None:
    place.mirror("fraud", *components)

    told = place.run("check", "fraud")

    assert (told.code, told.err) == (code, "")
    assert words in told.out


def test_check_of_all_takes_the_worst(place: Place) -> None:
    place.mirror("fraud", component("a"))
    place.mirror("ranking", DRIFTED_MODEL)

    told = place.run("check", "--all")

    assert told.code == 3
    assert told.out.splitlines() == [
        "✓ fraud: in sync (1 of 1)",
        "✗ ranking: drifted (fraud-model)",
    ]


@pytest.mark.parametrize(("age", "words"), [(130, "settled a verdict for 2 min"), (None, "yet")])
def test_check_knows_nothing_while_no_operator_settles(
    place: Place, age: float | None, words: str
) -> None:
    place.mirror("fraud", component("a"))
    place.settle(age)

    told = place.run("check", "fraud")

    assert told.code == 4
    assert words in told.out
    assert f"kubectl -n {place.operator} get pods" in told.out


def test_check_knows_nothing_without_an_operator(place: Place) -> None:
    place.mirror("fraud", component("a"))
    place.kube.delete(LEASES, "Lease", "stagingmirror", place.operator)

    told = place.run("check", "fraud")

    assert told.code == 4
    assert "there is no operator" in told.out


def test_check_knows_nothing_where_the_lease_may_not_be_read(place: Place) -> None:
    place.mirror("fraud", component("a"))
    name = "dana-here"
    place.kube.delete("rbac.authorization.k8s.io/v1", "RoleBinding", name, place.operator)

    told = place.run("check", "fraud")
    for _ in range(20):  # the API server learns of the missing right a moment later
        if told.code == 4:
            break
        told = place.run("check", "fraud")

    assert told.code == 4
    assert "you may not read Lease stagingmirror" in told.out


def test_check_does_not_believe_a_status_of_an_older_spec(place: Place) -> None:
    place.mirror("fraud", component("a"))
    changed = {"spec": {"checkInterval": "20s"}}
    place.kube.patch(API_VERSION, "StagingMirror", "fraud", place.namespace, changed)

    told = place.run("check", "fraud")

    assert told.code == 4
    assert "its spec changed" in told.out


def test_check_now_waits_for_a_look_that_began_after_it_was_asked(place: Place) -> None:
    place.mirror("fraud", component("a"))

    with operator_that(echoing(place, "fraud", DRIFTED_MODEL)):
        told = place.run("check", "fraud", "--now", "--timeout", "20s")

    assert told.code == 3
    assert "drifted (fraud-model)" in told.out


def test_check_bytes_asks_by_the_tokens_prefix(place: Place) -> None:
    place.mirror("fraud", component("a"))

    with operator_that(echoing(place, "fraud", component("a"))):
        told = place.run("check", "fraud", "--bytes", "--timeout", "20s")

    asked = place.get("fraud")["metadata"]["annotations"]["stagingmirror.dev/check-at"]
    assert told.code == 0
    assert asked.startswith("bytes:")


def test_check_now_is_unknown_where_nobody_answers(place: Place) -> None:
    place.mirror("fraud", component("a"))

    told = place.run("check", "fraud", "--now", "--timeout", "1s")

    assert told.code == 4
    assert "the operator did not answer within 1 s" in told.out


def test_check_prints_json_and_junit_and_nothing_else(place: Place) -> None:
    place.mirror("fraud", DRIFTED_MODEL, component("b"))

    as_json = place.run("check", "-o", "json")
    as_junit = place.run("check", "-o", "junit", "--except", "b")

    assert json.loads(as_json.out)["exitCode"] == as_json.code == 3
    assert ElementTree.fromstring(as_junit.out)[0].get("skipped") == "1"
    assert as_junit.code == 3


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("check", "nothing"), 1, "there is no StagingMirror nothing in namespace"),
        (("check", "fraud", "--except", "x"), 2, "--except x: no such component"),
        (("check", "fraud", "--since", "soon"), 1, "write 14:02, 30m (ago) or an RFC 3339"),
        (("check", "fraud", "-o", "yaml"), 2, "yaml"),
        (("diff", "fraud", "x"), 1, "fraud has no component x; it has a"),
        (("refresh", "fraud"), 1, "has no spec.refresh"),
        (("hold", "fraud"), 2, "say for how long and why"),
        (("hold", "fraud", "--for", "2 days", "--reason", "r"), 1, "write a duration"),
        (("release", "fraud"), 1, "there is no hold fraud-dana; there is none in namespace"),
        (("frobnicate",), 2, "frobnicate"),
    ],
)
def test_what_cannot_be_done_is_one_line_on_standard_error(
    place: Place, arguments: tuple[str, ...], code: int, words: str
) -> None:
    place.mirror("fraud", component("a"))

    told = place.run(*arguments)

    assert told.code == code
    assert words in " ".join(told.err.split())
    assert told.out == ""
    assert "Traceback" not in told.err


def test_an_api_server_that_does_not_answer_is_one_line_too(place: Place, tmp_path: Path) -> None:
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(
        place.kubeconfig.read_text().replace(place.kube.server, "https://127.0.0.1:1")
    )

    told = Place(place.kube, place.namespace, place.operator, nowhere).run("check", "fraud")

    assert told.code == 1
    assert told.err.startswith("error: ")
    assert len(told.err.splitlines()) == 1


def test_status_diff_plan_and_history_show_what_the_status_has(place: Place) -> None:
    plan = {
        "steps": [
            {"phase": "switch", "component": "fraud-model", "text": "alias champion → version 8"}
        ],
        "left": [],
    }
    done = {"id": "r", "trigger": "Manual", "result": "Succeeded", "message": "2 of 2 applied"}
    place.mirror("fraud", DRIFTED_MODEL, told={"plan": plan, "refreshes": [done]}, refresh=SCHEDULE)

    assert "fraud is NOT in sync with production" in place.run("status", "fraud").out
    assert "fraud     Drifted" in place.run("status").out.replace("fraud   ", "fraud     ")
    assert "sha256:9f0c2b71   sha256:41d7aa03" in place.run("diff", "fraud").out
    assert "alias champion → version 8" in place.run("plan", "fraud").out
    assert "2 of 2 applied" in place.run("history", "fraud").out
    assert json.loads(place.run("status", "-o", "json").out)[0]["status"]["sync"] == "Drifted"


def test_there_is_no_colour_where_there_is_no_terminal(place: Place) -> None:
    place.mirror("fraud", DRIFTED_MODEL)

    assert "\x1b[" not in place.run("status", "fraud").out


def test_all_namespaces_need_the_right_and_say_so(place: Place) -> None:
    told = place.run("check", "-A")

    assert told.code == 1
    assert "stagingmirrors" in told.err


def refresh_of(place: Place, result: str, *components: Object) -> Callable[[], None]:
    """An operator that takes a refresh token, works for a moment, and ends it so."""
    steps = [
        {
            "id": "s1",
            "phase": "switch",
            "component": "fraud-model",
            "text": "alias champion → version 8",
            "state": "Started",
        }
    ]
    begun = threading.Event()

    def act() -> None:
        asked = (place.get("fraud")["metadata"].get("annotations") or {}).get(
            "stagingmirror.dev/refresh-at"
        )
        if not asked:
            return
        entry = {"id": "r", "token": asked, "trigger": "Manual"}
        if not begun.is_set():
            begun.set()
            open_ = entry | {"phase": "Switch", "steps": steps}
            place.tell("fraud", status(DRIFTED_MODEL, now=time.time(), refresh=open_))
            time.sleep(1.2)
            return
        ended = entry | {"result": result, "message": "the reason"}
        told = status(*components, now=time.time(), refreshes=[ended], handledRefreshAt=asked)
        place.tell("fraud", told | {"refresh": None})

    return act


@pytest.mark.parametrize(
    ("result", "components", "code", "words"),
    [
        ("Succeeded", (component("a"),), 0, "✓ fraud is in sync with production"),
        ("PutBack", (DRIFTED_MODEL,), 1, "refresh failed and was put back: the reason"),
        ("Skipped", (DRIFTED_MODEL,), 1, "refresh was not started: the reason"),
    ],
)
def test_refresh_is_followed_to_its_end(
    place: Place, result: str, components: tuple[Object, ...], code: int, words: str
) -> None:
    place.mirror("fraud", DRIFTED_MODEL, refresh=SCHEDULE)

    with operator_that(refresh_of(place, result, *components)):
        told = place.run("refresh", "fraud", "--wait", "--timeout", "30s")

    assert told.code == code
    assert "alias champion → version 8   under way" in told.out
    assert words in told.out


def test_refresh_without_waiting_leaves_a_token(place: Place) -> None:
    place.mirror("fraud", DRIFTED_MODEL, refresh=SCHEDULE)

    told = place.run("refresh", "fraud")

    assert told.code == 0
    assert "stagingmirror.dev/refresh-at" in place.get("fraud")["metadata"]["annotations"]


def holding(place: Place) -> Callable[[], None]:
    """An operator that takes every hold."""

    def act() -> None:
        for held in place.kube.list(API_VERSION, "MirrorHold", place.namespace):
            if "effectiveSince" not in held.get("status", {}):
                patch = {"status": {"effectiveSince": rfc3339(time.time())}}
                place.kube.patch(
                    API_VERSION,
                    "MirrorHold",
                    held["metadata"]["name"],
                    place.namespace,
                    patch,
                    subresource="status",
                )

    return act


def test_hold_waits_until_it_is_in_effect_and_release_until_it_is_not(place: Place) -> None:
    place.mirror("fraud", component("fraud-model"))
    reason = ("--for", "2h", "--reason", "candidate 14", "--component", "fraud-model")

    with operator_that(holding(place)):
        held = place.run("hold", "fraud", *reason, "--timeout", "20s")
        again = place.run("hold", "fraud", *reason)
    made = place.kube.get(API_VERSION, "MirrorHold", "fraud-dana", place.namespace)
    with operator_that(echoing(place, "fraud", component("fraud-model"))):
        released = place.run("release", "fraud", "--timeout", "20s")

    assert (held.code, held.err) == (0, "")
    assert "✓ held by fraud-dana until" in held.out
    assert made["spec"]["mirrors"] == ["fraud"]
    assert made["spec"]["components"] == ["fraud-model"]
    assert again.code == 1
    assert "there is a hold fraud-dana already" in again.err
    assert (released.code, released.out) == (0, "✓ released fraud-dana\n")
    assert place.kube.list(API_VERSION, "MirrorHold", place.namespace) == []


def test_a_hold_that_nobody_takes_is_said(place: Place) -> None:
    place.mirror("fraud", component("a"))

    told = place.run("hold", "fraud", "--for", "1h", "--reason", "r", "--timeout", "1s")

    assert told.code == 4
    assert "the operator did not take it within 1 s" in told.out


def test_somebody_elses_hold_is_named_and_not_released(place: Place) -> None:
    place.mirror("fraud", component("a"))
    place.run("hold", "fraud", "--for", "1h", "--reason", "r", "--name", "ci", "--timeout", "1s")

    told = place.run("release", "fraud")

    assert told.code == 1
    assert "there is no hold fraud-dana; there are: ci (--name)" in told.err


def test_kubectl_finds_the_command_by_its_name(place: Place) -> None:
    place.mirror("fraud", component("a"))
    own = str(Path(sys.executable).parent)

    told = subprocess.run(
        [
            *(str(program("kubectl")), "stagingmirror", "check", "fraud", "-n", place.namespace),
            *("--kubeconfig", str(place.kubeconfig), "--operator-namespace", place.operator),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PATH": f"{own}:{os.environ['PATH']}"},
        check=False,
    )

    assert (told.returncode, told.stdout) == (0, "✓ fraud: in sync (1 of 1)\n")
