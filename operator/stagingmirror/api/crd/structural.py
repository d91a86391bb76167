"""Structural schemas, as CRDs need them, from pydantic models."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

PRESERVE = "x-kubernetes-preserve-unknown-fields"


def structural(sort: type[BaseModel]) -> Schema:
    """The schema of a model: references inlined, descriptions kept, titles dropped.

    Defaults are kept for plain values outside of lists only: a default inside a list's items makes
    Argo CD and Flux see a difference for ever. Every default is in the description.
    """
    written = sort.model_json_schema(by_alias=True)
    return _clean(written, written.get("$defs", {}), defaults=True)


def _clean(raw: Mapping[str, Any], named: Mapping[str, Any], *, defaults: bool) -> Schema:
    node = _without_null(_resolved(raw, named), named)
    out: Schema = {
        key: value for key, value in node.items() if key in _KEPT or key.startswith("x-kubernetes-")
    }
    if text := _description(node, with_default=defaults):
        out["description"] = text
    if defaults and _is_plain(node.get("default")) and not node.get("x-no-default"):
        out["default"] = node["default"]
    if out.get("type") == "integer":
        out["format"] = "int64"
    if "const" in node:
        out["enum"] = [node["const"]]
    if "items" in node:
        out["items"] = _clean(node["items"], named, defaults=False)
    if "properties" in node:
        out["properties"] = {
            name: _clean(inner, named, defaults=defaults)
            for name, inner in node["properties"].items()
        }
    _set_open(out, node, named)
    return {key: out[key] for key in sorted(out, key=_ORDER.index) if out[key] is not None}


_KEPT = {
    *("type", "format", "enum", "required", "minimum", "maximum"),
    *("minLength", "maxLength", "minItems", "maxItems"),
}
_ORDER = [
    *("description", "type", "format", "default", "enum", "minimum", "maximum"),
    *("minLength", "maxLength", "minItems", "maxItems"),
    *("x-kubernetes-list-type", "x-kubernetes-list-map-keys", "required", "properties"),
    *("items", "additionalProperties", PRESERVE, "x-kubernetes-validations"),
]


def _resolved(raw: Mapping[str, Any], named: Mapping[str, Any]) -> Schema:
    """The node with its reference inlined; what stands beside the reference wins."""
    if "$ref" not in raw:
        return dict(raw)
    target = named[raw["$ref"].rpartition("/")[2]]
    return {**target, **{key: value for key, value in raw.items() if key != "$ref"}}


def _without_null(node: Schema, named: Mapping[str, Any]) -> Schema:
    """An optional field may be left out; CRDs have no null."""
    if "anyOf" not in node:
        return node
    (inner,) = [choice for choice in node["anyOf"] if choice.get("type") != "null"]
    beside = {key: value for key, value in node.items() if key != "anyOf"}
    return {**_resolved(inner, named), **beside}


def _description(node: Schema, *, with_default: bool) -> str:
    text = " ".join(node.get("description", "").split())
    default = node.get("default")
    if _is_plain(default) and not (default is False or default == -1):
        shown = str(default).lower() if isinstance(default, bool) else default
        text = f"{text} Default: {shown}."
    return text.strip()


def _is_plain(default: object) -> bool:
    return isinstance(default, str | int | bool)


def _set_open(out: Schema, node: Schema, named: Mapping[str, Any]) -> None:
    more = node.get("additionalProperties")
    if more is True:
        out[PRESERVE] = True
    elif isinstance(more, Mapping):
        out["additionalProperties"] = _clean(more, named, defaults=False)
