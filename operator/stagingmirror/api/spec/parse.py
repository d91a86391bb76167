"""Resources as the API server returns them become frozen values, or an error that names the remedy.

The API server has judged them already; but an object may be older than the CRD, and the CRD may be
newer than this operator.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.hold import MirrorHoldSpec
from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.types.base import Model
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason

M = TypeVar("M", bound=Model)

REASON = Reason.INVALID_SPEC


def parse_mirror(body: Mapping[str, Any]) -> StagingMirrorSpec:
    """The spec of a StagingMirror. Raises NeedsHuman (InvalidSpec), naming the field and the
    remedy.
    """
    return _parsed(StagingMirrorSpec, body).resolved()


def parse_environment(body: Mapping[str, Any]) -> MirrorEnvironmentSpec:
    """The spec of a MirrorEnvironment. Raises NeedsHuman (InvalidSpec)."""
    return _parsed(MirrorEnvironmentSpec, body)


def parse_hold(body: Mapping[str, Any]) -> MirrorHoldSpec:
    """The spec of a MirrorHold. Raises NeedsHuman (InvalidSpec)."""
    return _parsed(MirrorHoldSpec, body)


def as_mapping(value: object) -> Mapping[str, object]:
    """A part of a spec that may be wrong in any way; empty where it is no object."""
    return value if isinstance(value, Mapping) else {}


def _parsed(sort: type[M], body: Mapping[str, Any]) -> M:
    raw = body.get("spec") or {}
    try:
        spec = sort.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = _path(raw, first["loc"])
        raise NeedsHuman(REASON, f"{where}: {_message(first['type'], first['msg'])}.") from None
    for where, message in _broken_rules(spec, "spec"):
        raise NeedsHuman(REASON, f"{where}: {message}.")
    return spec


def _message(sort: str, message: str) -> str:
    """pydantic's sentence without the value: what a user wrote may be a credential in the wrong
    place.
    """
    if sort == "missing":
        return "is required; add it"
    return message[:1].lower() + message[1:]


def _path(raw: object, location: Sequence[int | str]) -> str:
    """``spec.track[fraud-model].modelAlias``: entries by their name where they have one."""
    path, here = "spec", raw
    for part in location:
        if isinstance(part, int):
            here = here[part] if isinstance(here, Sequence) and part < len(here) else None
            name = here.get("name") if isinstance(here, Mapping) else None
            path += f"[{name if isinstance(name, str) else part}]"
        else:
            here = here.get(part) if isinstance(here, Mapping) else None
            path += f".{part}"
    return path


def _broken_rules(spec: Model, path: str) -> Iterator[tuple[str, str]]:
    """Where rules between fields do not hold, from the outside in, in the order of the fields."""
    for rule in type(spec).rules:
        if not rule.holds(spec):
            yield path, rule.message
    for name, info in type(spec).model_fields.items():
        inner = getattr(spec, name)
        where = f"{path}.{info.alias}"
        if isinstance(inner, Model):
            yield from _broken_rules(inner, where)
        elif isinstance(inner, tuple):
            for index, entry in enumerate(inner):
                if isinstance(entry, Model):
                    yield from _broken_rules(
                        entry, f"{where}[{getattr(entry, 'name', None) or index}]"
                    )
