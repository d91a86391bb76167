"""The sources beside Kubernetes, put together: what one of them opens for another."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.endpoint import SampleSource
from stagingmirror.api.spec.environment.location import Location
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.endpoint.samples import Kept
from stagingmirror.sources.endpoint.source import EndpointSource
from stagingmirror.sources.index.source import IndexSource
from stagingmirror.sources.index.stores import Stores
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMap, ConfigMapSubject
from stagingmirror.sources.mlflow.poll.source import MlflowSource
from stagingmirror.sources.objectstore.prefix import Prefix
from stagingmirror.sources.objectstore.source import ObjectStoreSource
from stagingmirror.view import Observed


def upstreams(
    clock: Callable[[], float],
    changed: Callable[[Any], None],
    *,
    settings: Settings,
    on_call: Callable[[str, str, str, float], None],
    productions: Callable[[], Iterable[Location]],
    config_map: Callable[[ConfigMapSubject], Observed[ConfigMap] | Unseen],
) -> tuple[MlflowSource, ObjectStoreSource, IndexSource, EndpointSource]:
    """``productions``: the places in object stores that Production environments list.
    ``config_map``: what is known of a ConfigMap.
    """
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
    endpoints = EndpointSource(
        clock=clock,
        on_change=changed,
        settings=settings,
        on_call=on_call,
        keep=partial(samples_in, config_map),
        examples=registry.input_example,
    )
    return registry, stores, indexes, endpoints


def folder_in(stores: ObjectStoreSource, environment: str, store: str, path: str) -> Prefix:
    """A folder below the place of an entry of ``objectStores``."""
    return Prefix(lambda: stores.opened_in(environment, store, path))


def samples_in(
    config_map: Callable[[ConfigMapSubject], Observed[ConfigMap] | Unseen],
    environment: str,
    spec: MirrorEnvironmentSpec,
    place: SampleSource,
) -> Kept | Why:
    """The text of a key of a ConfigMap of an environment's cluster."""
    cluster = OWN if spec.cluster is None else environment
    answer = config_map(ConfigMapSubject(cluster, place.namespace, place.name))
    if isinstance(answer, Unseen):
        return answer.why
    called = f"key {place.key} of ConfigMap {place.namespace}/{place.name}"
    text = None if answer.value is None else answer.value.data.get(place.key)
    if answer.value is None or text is None:
        return Why(
            Reason.SAMPLES_INVALID,
            f"{called} is not there, and should hold samples; create it, or correct the name.",
        )
    return Kept(answer.value.resource_version, text)
