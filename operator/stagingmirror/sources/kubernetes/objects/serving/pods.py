"""How a pod serves, by its spec or by a template of it. Pure.

What stands for nothing given is filled in where the API server fills it in for pods, since it does
not do that for templates in custom resources. Source: kubernetes, pkg/apis/core/v1/defaults.go.
"""

from collections.abc import Iterator, Mapping
from sys import intern
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from stagingmirror.api.types.quantity import canonical
from stagingmirror.sources.kubernetes.objects.serving.handlers import handler, probes
from stagingmirror.sources.kubernetes.subjects.serving import ContainerSettings, Mount, PodSettings

Body: TypeAlias = Mapping[str, Any]
_Facts: TypeAlias = tuple[tuple[str, str], ...]
_Container: TypeAlias = tuple[str, bool, _Facts, tuple[Mount, ...]]
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a path in containers that are read
# Where every pod has its own account's token and the cluster's certificate.
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_GRACE = 30
# Of the kinds of volumes that hold an object: the field of its name, and the fact.
_OBJECTS = (("configMap", "name", "configMaps"), ("secret", "secretName", "secrets"))
_PROJECTED = (("configMap", "name", "configMaps"), ("secret", "name", "secrets"))
_FROM = (("configMapRef", "configMaps"), ("secretRef", "secrets"))


_shared: WeakValueDictionary[tuple[_Facts, tuple[_Container, ...]], PodSettings] = (
    WeakValueDictionary()
)


def settings_of(pod_spec: Body) -> PodSettings:
    """Equal ones are one object: a thousand pods of one template cost as much as one."""
    volumes = {one["name"]: one for one in pod_spec.get("volumes") or ()}
    shape = (
        tuple(_of_pod(pod_spec, volumes)),
        tuple(_container(one, volumes, serves=serves) for one, serves in _every(pod_spec)),
    )
    known = _shared.get(shape)
    if known is None:
        known = _shared[shape] = PodSettings(
            dict(shape[0]),
            {
                name: ContainerSettings(serves, dict(facts), mounts)
                for name, serves, facts, mounts in shape[1]
            },
        )
    return known


def _every(pod_spec: Body) -> Iterator[tuple[Body, bool]]:
    """An init container that is always restarted runs beside the others."""
    for one in pod_spec.get("initContainers") or ():
        yield one, one.get("restartPolicy") == "Always"
    for one in pod_spec["containers"]:
        yield one, True


def _of_pod(pod_spec: Body, volumes: Mapping[str, Body]) -> Iterator[tuple[str, str]]:
    for field, fact in (
        ("runtimeClassName", "runtimeClass"),
        ("priorityClassName", "priorityClass"),
    ):
        if pod_spec.get(field):
            yield fact, intern(pod_spec[field])
    grace = pod_spec.get("terminationGracePeriodSeconds")
    yield "terminationGracePeriod", f"{_GRACE if grace is None else grace}s"
    sizes = {size for one, _ in _every(pod_spec) if (size := _shared_memory(one, volumes))}
    if sizes:
        yield "shmSize", " and ".join(sorted(sizes))


def _shared_memory(one: Body, volumes: Mapping[str, Body]) -> str:
    """How large it may get; empty: it is the 64 MiB of the runtime, or not of memory."""
    for mount in one.get("volumeMounts") or ():
        memory = (volumes.get(mount["name"]) or {}).get("emptyDir") or {}
        is_shared = mount["mountPath"].rstrip("/") == _SHARED_MEMORY
        if is_shared and memory.get("medium") == "Memory":
            return canonical("memory", str(memory.get("sizeLimit") or "no limit"))
    return ""


def _container(one: Body, volumes: Mapping[str, Body], *, serves: bool) -> _Container:
    facts = {
        **dict(_resources(one.get("resources") or {})),
        **dict(probes(one)),
        **dict(_objects(one, volumes)),
    }
    if stop := handler((one.get("lifecycle") or {}).get("preStop") or {}):
        facts["preStop"] = stop
    mounts = tuple(_mounts(one, volumes)) if serves else ()
    return intern(one["name"]), serves, tuple(sorted(facts.items())), mounts


def _resources(resources: Body) -> Iterator[tuple[str, str]]:
    """What has a limit and no request requests its limit."""
    limits = resources.get("limits") or {}
    for group, found in (
        ("requests", limits | (resources.get("requests") or {})),
        ("limits", limits),
    ):
        for name, quantity in found.items():
            yield intern(f"resources.{group}.{name}"), canonical(name, str(quantity))


def _objects(one: Body, volumes: Mapping[str, Body]) -> Iterator[tuple[str, str]]:
    """ConfigMaps and Secrets that it gets whole, by name."""
    for source in one.get("envFrom") or ():
        for field, fact in _FROM:
            if name := (source.get(field) or {}).get("name"):
                yield intern(f"{fact}.{name}"), "envFrom"
    for mount in one.get("volumeMounts") or ():
        volume = volumes.get(mount["name"])
        if volume is None or mount["mountPath"] == _ACCOUNT:
            continue
        for fact, name in _named(volume):
            yield intern(f"{fact}.{name}"), "mounted"


def _mounts(one: Body, volumes: Mapping[str, Body]) -> Iterator[Mount]:
    """Of ConfigMaps. Where a subPath is expanded, which file it is is not known."""
    for mount in one.get("volumeMounts") or ():
        volume = volumes.get(mount["name"]) or {}
        sources = (volume.get("projected") or {}).get("sources") or (volume,)
        for source in sources if not mount.get("subPathExpr") else ():
            found = source.get("configMap") or {}
            if name := found.get("name"):
                items = tuple((each["key"], each["path"]) for each in found.get("items") or ())
                yield Mount(name, mount["mountPath"], items, mount.get("subPath") or "")


def _named(volume: Body) -> Iterator[tuple[str, str]]:
    for field, key, fact in _OBJECTS:
        if name := (volume.get(field) or {}).get(key):
            yield fact, name
    for source in (volume.get("projected") or {}).get("sources") or ():
        for field, key, fact in _PROJECTED:
            if name := (source.get(field) or {}).get(key):
                yield fact, name
