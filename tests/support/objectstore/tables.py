"""A Delta table on both sides of a small world."""

from typing import Any

from stagingmirror.component import Sides
from stagingmirror.sources.objectstore.subjects import TableSubject, TableVersion
from support.kinds.builders import NOW, World, environment, sides

TABLE = {"table": {"store": "features", "path": "customers"}}


def stores(bucket: str, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "features", "url": f"s3://{bucket}/lake", "readable": ["customers"], **more}]


def around(
    production: list[dict[str, Any]] | None = None, staging: list[dict[str, Any]] | None = None
) -> Sides:
    return sides(
        environment(objectStores=stores("ml-prod") if production is None else production),
        environment("Staging", objectStores=stores("ml-staging") if staging is None else staging),
    )


def tables(production: int | None = 42, staging: int | None = 41) -> World:
    world = World()
    for name, bucket, version in (
        ("production", "ml-prod", production),
        ("staging", "ml-staging", staging),
    ):
        if version is not None:
            subject = TableSubject(name, f"s3://{bucket}/lake/customers")
            world.put(subject, TableVersion(version, NOW - 3600))
    return world


def at(world: World, version: int) -> World:
    """Staging's has this version."""
    subject = TableSubject("staging", "s3://ml-staging/lake/customers")
    return world.put(subject, TableVersion(version, NOW))
