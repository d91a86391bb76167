"""Which hand takes which step."""

from stagingmirror.actions.action import Action
from stagingmirror.actions.config_map import Setting
from stagingmirror.actions.copy_model import Copying
from stagingmirror.actions.move_alias import Moving
from stagingmirror.actions.patch_workload import Patching
from stagingmirror.actions.run_loader import Loading
from stagingmirror.drift.steps import (
    CopyModel,
    MoveAlias,
    PatchWorkload,
    RunLoader,
    SetConfigMapKey,
    Step,
)


def action_for(step: Step) -> Action:
    match step:
        case CopyModel():
            return Copying(step)
        case RunLoader():
            return Loading(step)
        case SetConfigMapKey():
            return Setting(step)
        case MoveAlias():
            return Moving(step)
        case PatchWorkload():
            return Patching(step)
