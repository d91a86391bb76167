"""Which workload an entry names on a side, and which of its containers count."""

from collections.abc import Mapping

from stagingmirror.api.spec.track.serving import Serving
from stagingmirror.component import Side
from stagingmirror.reading.places import cluster_of, namespace_of
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.running import container_of
from stagingmirror.sources.kubernetes.subjects import Workload, WorkloadSubject


def place_of(entry: Serving, side: Side) -> WorkloadSubject:
    production, own = entry.production, entry.staging
    cluster, namespace = cluster_of(side), namespace_of(production.namespace, side)
    if side.role == "production":
        return WorkloadSubject(cluster, production.template, namespace, production.name)
    name = own.name or production.name
    return WorkloadSubject(cluster, entry.staging_template, namespace, name)


def counted_containers(
    entry: Serving, side: Side, reading: Reading, workload: Workload
) -> Mapping[str, str]:
    """The containers that count, each with production's name for it. Raises Ended (Absent) where
    the template does not have one that is named.
    """
    named = entry.production.containers
    if not named:
        serving = [name for name, each in workload.settings.containers.items() if each.serves]
        return {name: name for name in serving}
    own = entry.staging.containers if side.role == "staging" else ()
    for name in own or named:
        container_of(reading, workload, name)
    return dict(zip(own or named, named, strict=True))
