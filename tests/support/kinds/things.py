"""Everything that a small world has, so that a test can take it away or let it fall silent."""

from typing import Any, NamedTuple

from support.kinds.builders import World


class Thing(NamedTuple):
    """Where a world has a thing, and its name there, by which it falls silent."""

    store: dict[Any, Any]
    key: Any
    name: str


def things_of(world: World) -> list[Thing]:
    stores: list[dict[Any, Any]] = [world.workloads, world.config_maps]
    stores += [world.aliases, world.versions]
    named = [Thing(store, key, key[-1]) for store in stores for key in store]
    return [*named, *(Thing(world.others, key, str(key)) for key in world.others)]
