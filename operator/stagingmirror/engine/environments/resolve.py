"""Whether a mirror may use the environments that it names, and what they then stand for."""

from collections.abc import Callable, Iterable, Iterator

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.location import Location, location_of, reached
from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.spec.offers import OfferList
from stagingmirror.api.spec.parse import parse_environment
from stagingmirror.component import Offering, Role, Side, Sides
from stagingmirror.engine.resources.cache import Body, ResourceCache
from stagingmirror.engine.resources.mirror import MirrorKey, is_leaving
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason

# Whether the ``cluster`` of an environment, as its spec has it, is proven to be another one than
# ours; None: it is not known.
IsElsewhere = Callable[[str, object], bool | None]


def sides_of(cache: ResourceCache, key: MirrorKey, spec: StagingMirrorSpec) -> Sides:
    """Both sides of a mirror.

    Raises NeedsHuman (EnvironmentMissing, EnvironmentNotUsable), naming the field and the remedy.
    """
    production = _side(
        cache, key, "production", spec.production.environment, spec.production.namespace
    )
    staging = _side(cache, key, "staging", spec.staging.environment, key.namespace)
    return Sides(production=production, staging=staging, mirror=key.name)


def revisions_of(cache: ResourceCache, sides: Sides) -> dict[str, str]:
    """Per environment of a mirror a text that changes when its spec does."""
    found = {}
    for side in (sides.production, sides.staging):
        body = cache.get("mirrorenvironments", side.environment)
        metadata = {} if body is None else body["metadata"]
        found[side.environment] = f"{metadata.get('uid')}/{metadata.get('generation')}"
    return found


def read_environments(cache: ResourceCache) -> dict[str, MirrorEnvironmentSpec]:
    """Every environment that can be read, by name; those being deleted are left out."""
    return dict(_readable(cache))


def protected_by(environments: Iterable[Body], is_elsewhere: IsElsewhere) -> dict[str, str]:
    """Namespaces of this cluster that some Production environment lists, with its name.

    Nothing is written to any of them, even where another environment lists them. An environment
    counts until it is really gone, and a spec that cannot be read still counts with whatever
    namespaces it lists.
    """
    return _listed_by_production(environments, is_elsewhere, only=False)


def unproven_by(environments: Iterable[Body], is_elsewhere: IsElsewhere) -> dict[str, str]:
    """Namespaces that some Production environment lists in a cluster that is not proven to be
    another one than this, with its name. Nothing is written to them until it is.
    """
    return _listed_by_production(environments, is_elsewhere, only=None)


def protected_stores(environments: Iterable[Body]) -> Iterator[Location]:
    """The places in object stores that some Production environment lists, or may reach by what it
    lists. Nothing is written there.
    An environment counts until it is really gone, and a spec that cannot be read counts with
    whatever places it has.
    """
    for body in environments:
        spec = body.get("spec") or {}
        stores = spec.get("objectStores")
        if spec.get("role") == "Staging" or not isinstance(stores, list):
            continue
        for store in stores:
            found = location_of(str(store.get("url"))) if isinstance(store, dict) else None
            if found is not None:
                yield from reached(found, str(store.get("endpoint") or ""))


def _listed_by_production(
    environments: Iterable[Body], is_elsewhere: IsElsewhere, *, only: bool | None
) -> dict[str, str]:
    found: dict[str, str] = {}
    for body in environments:
        spec, name = body.get("spec") or {}, body["metadata"]["name"]
        if spec.get("role") == "Staging":
            continue
        cluster = spec.get("cluster")
        if (False if cluster is None else is_elsewhere(name, cluster)) is only:
            for namespace in listed_namespaces(body):
                found.setdefault(namespace, name)
    return found


def listed_here(environments: Iterable[Body], is_elsewhere: IsElsewhere) -> frozenset[str]:
    """The namespaces that any environment lists of this cluster, or of one that is not proven to be
    another.
    """
    return frozenset(
        namespace
        for body in environments
        for cluster in [(body.get("spec") or {}).get("cluster")]
        if cluster is None or is_elsewhere(body["metadata"]["name"], cluster) is not True
        for namespace in listed_namespaces(body)
    )


def listed_namespaces(body: Body) -> tuple[str, ...]:
    """What an environment lists, also where its spec cannot be read."""
    return tuple(map(str, (body.get("spec") or {}).get("namespaces") or ()))


def offered_to(cache: ResourceCache, namespace: str, environment: object) -> Offering:
    """What a Production environment lets the mirrors of this namespace name; nothing where it is
    not there, or they may not use it. One that is being deleted counts until it is gone.
    """
    body = cache.get("mirrorenvironments", str(environment))
    try:
        spec = None if body is None else _parsed(cache, body)
    except NeedsHuman:
        spec = None
    if spec is None or spec.role != "Production" or namespace not in spec.usable_from:
        return lambda which, name: False
    return spec.offers


def is_readable(cache: ResourceCache, environment: str, which: OfferList, name: str) -> bool:
    """Whether an environment lists this name as readable."""
    body = cache.get("mirrorenvironments", environment)
    try:
        return body is not None and _parsed(cache, body).readable.has(which, name)
    except NeedsHuman:
        return False


def may_copy(
    cache: ResourceCache,
    same_registry: Callable[[str, str], bool | None],
    source: str,
    destination: str,
) -> bool | None:
    """Whether the registry of ``destination`` is proven to be another than that of ``source``, or
    its admin declares that both are one; None: neither is known now.
    """
    body = cache.get("mirrorenvironments", destination)
    if body is not None and (body.get("spec") or {}).get("sharesRegistryWith") == source:
        return True
    same = same_registry(source, destination)
    return None if same is None else not same


def _readable(cache: ResourceCache) -> Iterator[tuple[str, MirrorEnvironmentSpec]]:
    for body in cache.all("mirrorenvironments"):
        if is_leaving(body):
            continue
        try:
            yield body["metadata"]["name"], _parsed(cache, body)
        except NeedsHuman:
            continue


def _side(cache: ResourceCache, key: MirrorKey, role: Role, name: str, namespace: str) -> Side:
    field = f"spec.{role}.environment"
    body = cache.get("mirrorenvironments", name)
    if body is None or is_leaving(body):
        raise NeedsHuman(
            Reason.ENVIRONMENT_MISSING,
            f'{field}: there is no MirrorEnvironment "{name}"; correct the name, or ask a platform '
            "admin to create it.",
        )
    try:
        spec = _parsed(cache, body)
    except NeedsHuman as error:
        raise NeedsHuman(
            Reason.ENVIRONMENT_NOT_USABLE,
            f'{field}: environment "{name}" cannot be read ({error.message.rstrip(".")}); ask its '
            "owner to correct it.",
        ) from None
    _usable(spec, key, role, name, namespace)
    return Side(role=role, environment=name, spec=spec, namespace=namespace)


def _parsed(cache: ResourceCache, body: Body) -> MirrorEnvironmentSpec:
    return cache.made_of("mirrorenvironments", body, parse_environment)


def _usable(
    spec: MirrorEnvironmentSpec, key: MirrorKey, role: Role, name: str, namespace: str
) -> None:
    if spec.role.lower() != role:
        raise NeedsHuman(
            Reason.ENVIRONMENT_NOT_USABLE,
            f'spec.{role}.environment: environment "{name}" has role {spec.role}; name one with '
            f"role {role.capitalize()}.",
        )
    if key.namespace not in spec.usable_from:
        raise NeedsHuman(
            Reason.ENVIRONMENT_NOT_USABLE,
            f'spec.{role}.environment: environment "{name}" does not list namespace '
            f"{key.namespace} in usableFrom; ask its owner to add it, or correct the name.",
        )
    if namespace not in spec.namespaces:
        field = f"spec.{role}.{'namespace' if role == 'production' else 'environment'}"
        raise NeedsHuman(
            Reason.ENVIRONMENT_NOT_USABLE,
            f'{field}: environment "{name}" does not list namespace {namespace} in namespaces; ask '
            "its owner to add it, or correct the name.",
        )
