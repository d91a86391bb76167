"""A server whose arguments are tracked, on both sides of a small world."""

from typing import Any

from stagingmirror.drift.command.words import Words
from stagingmirror.sources.kubernetes.subjects import Workload
from support.kinds.builders import PRODUCTION, STAGING, World, container, pod, workload
from support.kinds.snapshots import entry

TOKENIZER = "--tokenizer-revision"
ARGUMENT = {"kind": "Deployment", "name": "trainer", "container": "app", "flag": TOKENIZER}
GIVEN = entry(place={"argument": ARGUMENT})


def serving(namespace: str, *args: str, **variables: Any) -> Workload:
    app = container(
        variables=variables, words=Words(command=("vllm", "serve", "org/model"), args=args)
    )
    return workload("trainer", namespace, containers={"app": app}, pods=(pod(app),))


def both(production: tuple[str, ...], staging: tuple[str, ...]) -> World:
    return World().add(serving(PRODUCTION, *production), serving(STAGING, *staging))
