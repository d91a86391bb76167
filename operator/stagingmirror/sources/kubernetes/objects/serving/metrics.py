"""What autoscaling goes by, as ``autoscaling/v2`` has it: a metric and its target. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from stagingmirror.api.types.quantity import canonical

Body: TypeAlias = Mapping[str, Any]
# Of a target, by its field.
_UNITS = {"averageUtilization": "% on average", "averageValue": " on average", "value": ""}


def metrics(given: Iterable[Body]) -> Iterator[tuple[str, str]]:
    """Facts ``autoscaling.metric.<name>``. Two of one name are one fact with both."""
    found: dict[str, list[str]] = {}
    for one in given:
        source = one.get(_field(str(one.get("type") or ""))) or {}
        name = str(
            source.get("name") or (source.get("metric") or {}).get("name") or one.get("type")
        )
        found.setdefault(f"autoscaling.metric.{name}", []).append(_described(source))
    for name, texts in found.items():
        yield name, " and ".join(sorted(texts))


def _field(kind: str) -> str:
    """``ContainerResource`` is described by ``containerResource``."""
    return kind[:1].lower() + kind[1:]


def _described(source: Body) -> str:
    target = source.get("target") or {}
    texts = [
        f"{canonical('', str(target[field]))}{unit}"
        for field, unit in _UNITS.items()
        if target.get(field) is not None
    ]
    container = source.get("container")
    of = source.get("describedObject") or {}
    more = f" in {container}" if container else ""
    more += f" of {of.get('kind')} {of.get('name')}" if of else ""
    return (" and ".join(texts) or "no target") + more
