"""What a plan shows of a step."""

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.drift.steps import Produced
from stagingmirror.sources.kubernetes.write.field_patch import Restart, SetVariable


def test_steps_are_described_in_the_words_of_their_manifest() -> None:
    patch = PatchWorkload(
        "id",
        ("fraud-model",),
        "Deployment",
        "ml-staging",
        "fraud-server",
        (SetVariable("server", "MODEL_VERSION", Produced("copy")), Restart()),
    )
    copy = CopyModel(
        "id",
        ("m",),
        *("production", "fraud", "12", "staging", "fraud", "sha256:1", 4, 90_000_000),
        tags=(),
        parameters=(),
    )
    move = MoveAlias("id", ("m",), "staging", "fraud", "champion", "8")

    assert copy.describe() == "copy version 12 of fraud (4 files, 90 MB) from production to staging"
    assert patch.describe() == (
        "Deployment fraud-server: MODEL_VERSION of server → the copy; restart"
    )
    assert move.describe() == "alias champion of fraud → version 8"


def test_a_long_value_does_not_make_a_long_line() -> None:
    step = SetConfigMapKey("id", ("c",), "ns", "name", "key", "x" * 100_000)

    assert len(step.describe()) < 200
