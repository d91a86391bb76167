"""docs/reference.md from the definitions: ``python -m support.resources.reference OUT``."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stagingmirror.api.crd.generate import RESOURCES, crds

Schema = Mapping[str, Any]

HEAD = """\
<!-- Generated from the models by `make crds`; do not edit. -->
# Reference

Every field of the resources of `stagingmirror.dev/v1alpha1`, as `kubectl explain` shows them
too. `[]` is an entry of a list. Fields in **bold** are required where the object around them is
given.

Durations are numbers with `ms`, `s`, `m` or `h`, e.g. `1h30m`. Times are RFC 3339 with a zone.

Quote what YAML takes for something else than text: a number (`"0.10"`, `"30"`), `"on"`, `"yes"`,
`"null"`. Without quotes the API server refuses the field: *must be of type string*."""


def reference() -> str:
    """The whole page."""
    parts = [HEAD]
    for resource, crd in zip(RESOURCES, crds(), strict=True):
        schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        scope = "per namespace" if resource.scope == "Namespaced" else "for the whole cluster"
        parts.append(f"## {resource.kind}\n\n{resource.about}")
        parts.append(f"Short name `{resource.short}`, {scope}.")
        for half in (each for each in ("spec", "status") if each in schema["properties"]):
            inner = schema["properties"][half]
            parts.append(f"### {resource.kind}.{half}\n\n{inner['description']}")
            parts.append("\n".join(_table(inner)))
            if rules := list(_rules(inner)):
                parts.append("Refused by the API server:\n\n" + "\n".join(rules))
    return "\n\n".join(parts) + "\n"


def _table(schema: Schema) -> Iterator[str]:
    yield "| field | type | default | meaning |"
    yield "|---|---|---|---|"
    for path, node, required in _fields(schema, ""):
        name = f"**`{path}`**" if required else f"`{path}`"
        text, default = _meaning(node)
        yield f"| {name} | {_type(node)} | {default} | {text} |"


def _fields(schema: Schema, above: str) -> Iterator[tuple[str, Schema, bool]]:
    for name, node in schema.get("properties", {}).items():
        path = f"{above}{name}"
        yield path, node, name in schema.get("required", ())
        if node["type"] == "array":
            yield from _fields(node["items"], f"{path}[].")
        else:
            yield from _fields(node, f"{path}.")


def _type(node: Schema) -> str:
    if "enum" in node:
        return " or ".join(f"`{choice}`" for choice in node["enum"])
    if node["type"] == "array":
        return f"list of {_type(node['items'])}"
    if "additionalProperties" in node:
        return f"map of {_type(node['additionalProperties'])}"
    return str(node["type"])


def _meaning(node: Schema) -> tuple[str, str]:
    """The description without its last sentence on the default, and the default."""
    text, _, told = str(node.get("description", "")).partition(" Default: ")
    default = f"`{told.removesuffix('.')}`" if told else ""
    return text.replace("|", "\\|").replace("<", "&lt;"), default


def _rules(schema: Schema, path: str = "") -> Iterator[str]:
    """Rules between fields; those of a single text are told by its description."""
    if schema["type"] == "object":
        for rule in schema.get("x-kubernetes-validations", ()):
            where = f"`{path.rstrip('.')}`: " if path else ""
            yield f"- {where}{rule['message']}"
    for name, node in schema.get("properties", {}).items():
        inner, mark = (node["items"], "[]") if node["type"] == "array" else (node, "")
        yield from _rules(inner, f"{path}{name}{mark}.")


def main() -> None:
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
