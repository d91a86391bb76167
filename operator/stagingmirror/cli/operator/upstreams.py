"""The sources beside Kubernetes, put together: what one of them opens for another."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from stagingmirror.api.spec.environment.location import Location
from stagingmirror.settings import Settings
from stagingmirror.sources.index.source import IndexSource
from stagingmirror.sources.index.stores import Stores
from stagingmirror.sources.mlflow.poll.source import MlflowSource
from stagingmirror.sources.objectstore.prefix import Prefix
from stagingmirror.sources.objectstore.source import ObjectStoreSource


def upstreams(
    clock: Callable[[], float],
    changed: Callable[[Any], None],
    *,
    settings: Settings,
    on_call: Callable[[str, str, str, float], None],
    productions: Callable[[], Iterable[Location]],
) -> tuple[MlflowSource, ObjectStoreSource, IndexSource]:
    """``productions``: the places in object stores that Production environments list."""
    stores = ObjectStoreSource(
        clock=clock, on_change=changed, settings=settings, on_call=on_call, productions=productions
    )
    registry = MlflowSource(
        clock=clock, on_change=changed, settings=settings, on_call=on_call, open_in=stores.files
    )
    indexes = IndexSource(
        clock=clock,
        on_change=changed,
        stores=Stores(settings=settings, on_call=on_call, folder=partial(folder_in, stores)),
    )
    return registry, stores, indexes


def folder_in(stores: ObjectStoreSource, environment: str, store: str, path: str) -> Prefix:
    """A folder below the place of an entry of ``objectStores``."""
    return Prefix(lambda: stores.opened_in(environment, store, path))
