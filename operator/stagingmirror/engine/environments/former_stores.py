"""Index stores that an open refresh has made something in, and that its environment names no more.
Pure.
"""

from collections.abc import Mapping

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec


def with_former_stores(
    now: Mapping[str, MirrorEnvironmentSpec], former: Mapping[str, MirrorEnvironmentSpec]
) -> dict[str, MirrorEnvironmentSpec]:
    """All environments, with what leads to the stores that they had when an open refresh began,
    so that it can be rolled back. Nothing is offered of these.
    """
    kept = {name: _with(now[name], former[name]) for name in now.keys() & former.keys()}
    return {**former, **now, **kept}


def _with(now: MirrorEnvironmentSpec, former: MirrorEnvironmentSpec) -> MirrorEnvironmentSpec:
    names = {each.name for each in now.index_stores}
    gone = [each.connection for each in former.index_stores if each.name not in names]
    if not gone:
        return now
    needed = {each.object_store for each in gone} - {each.name for each in now.object_stores}
    folders = [
        each.model_copy(update={"readable": ()})
        for each in former.object_stores
        if each.name in needed
    ]
    stores = {
        "index_stores": (*now.index_stores, *gone),
        "object_stores": (*now.object_stores, *folders),
    }
    return now.model_copy(update=stores)
