"""Settings that a workload carries: its variables, arguments and annotations."""

from typing import Any

from support.kinds.builders import PRODUCTION, STAGING, World, workload
from support.kinds.snapshots import NEW, OLD, TRAINER, VARIABLE, trainer
from support.kinds.snapshots import entry as setting_entry
from support.settings.arguments import GIVEN as ARGUMENT
from support.settings.arguments import TOKENIZER, both, serving


def _serving(*args: str) -> Any:
    return lambda world: world.add(serving(STAGING, *args))


def _annotated(value: str) -> Any:
    given = {"example.com/snapshot": value}
    return lambda world: world.add(workload("trainer", STAGING, annotations=given))


EXAMPLES: tuple[tuple[Any, ...], ...] = (
    (
        "setting, variable",
        setting_entry(place={"variable": VARIABLE}),
        lambda: World().add(*(trainer(s, EMBEDDING_URL=NEW) for s in (PRODUCTION, STAGING))),
        {
            "value": lambda world: world.add(trainer(STAGING, EMBEDDING_URL=OLD)),
            "no variable": lambda world: world.add(trainer(STAGING)),
        },
    ),
    (
        "setting, annotation",
        setting_entry(place={"annotation": {**TRAINER, "key": "example.com/snapshot"}}),
        lambda: World().add(
            *(
                workload("trainer", side, annotations={"example.com/snapshot": NEW})
                for side in (PRODUCTION, STAGING)
            )
        ),
        {"value": _annotated(OLD)},
    ),
    (
        "setting, argument",
        ARGUMENT,
        lambda: both((TOKENIZER, "9f31c2"), (f"{TOKENIZER}=9f31c2",)),
        {
            "another value": _serving(f"{TOKENIZER}=main"),
            "another value in two words": _serving("--max-model-len", "1", TOKENIZER, "main"),
            "not given": _serving("--max-model-len=4096"),
        },
    ),
)
