"""What an index is, out of its mapping and settings: pure."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from stagingmirror.sources.index.store import IndexFacts, VectorField, mark_in

META_KEY = "stagingmirror"
Json = dict[str, Any]

# How deep a mapping goes, how many settings are shown, and how long a text may be.
_DEEPEST, _MOST, _LONGEST = 20, 200, 256
_METRICS = {
    "cosinesimil": "cosine",
    "cosine": "cosine",
    "innerproduct": "ip",
    "dot_product": "ip",
    "max_inner_product": "ip",
    "l2": "l2",
    "l2_norm": "l2",
}
# Of an index, what changes results; the rest is how it is kept.
_SETTINGS = (
    *("analysis", "similarity", "knn", "query", "default_similarity"),
    *("search.default_pipeline", "mapping.exclude_source_vectors"),
)
_OF_MANIFEST = ("embeddingModel", "tokenizer")


def facts_of(target: str, found: Json, server: str, content_version: str | None) -> IndexFacts:
    """``found``: what ``GET /{target}`` answers for it."""
    mappings, settings = mapping_in(found, "mappings"), _index_settings(found)
    fields = dict(_fields(mappings))
    meta = mapping_in(mappings, "_meta")
    created, uuid = str(settings.get("creation_date")), settings.get("uuid")
    return IndexFacts(
        target=target,
        vectors=tuple(
            field
            for name, each in sorted(fields.items())
            if (field := _vector(name, each)) is not None
        ),
        settings=_results(settings) | {"mapping": _definition(fields)},
        manifest=manifest_in(meta),
        server=server,
        built=int(created) / 1000 if created.isdecimal() and len(created) < 16 else None,
        content_version=content_version,
        mark=mark_in(meta.get(META_KEY)),
        made=uuid[:64] if isinstance(uuid, str) else None,
    )


def vector_names(found: Json) -> frozenset[str]:
    fields = _fields(mapping_in(found, "mappings"))
    return frozenset(name for name, each in fields if each.get("type") in _VECTORS)


def keeps_source(found: Json) -> bool:
    """Whether documents are kept as they were sent, all of them."""
    source = mapping_in(mapping_in(found, "mappings"), "_source")
    hidden = _index_settings(found).get("mapping", {})
    excluded = isinstance(hidden, dict) and hidden.get("exclude_source_vectors")
    return not (
        source.get("enabled") in (False, "false")
        or source.get("mode") not in (None, "stored")
        or source.get("includes")
        or source.get("excludes")
        or str(excluded).lower() == "true"
    )


def shards_of(found: Json) -> int:
    """0: it does not say."""
    number = str(_index_settings(found).get("number_of_shards"))
    return int(number) if number.isdecimal() and len(number) < 6 else 0


def manifest_in(found: Json) -> dict[str, str]:
    """What somebody has put into ``_meta``, or into the metadata of a snapshot."""
    return {
        key: value
        for key in _OF_MANIFEST
        if isinstance(value := found.get(key), str) and 0 < len(value) <= _LONGEST
    }


def mapping_in(found: Json, key: str) -> Json:
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def _index_settings(found: Json) -> Json:
    return mapping_in(mapping_in(found, "settings"), "index")


def _fields(mapping: Json, above: str = "", deep: int = 0) -> Iterator[tuple[str, Json]]:
    """Every field by its path, e.g. ``passages.vector``; those of several ways to index one too."""
    for below in ("properties", "fields"):
        for name, each in mapping_in(mapping, below).items():
            if isinstance(each, dict) and deep < _DEEPEST:
                yield f"{above}{name}", each
                yield from _fields(each, f"{above}{name}.", deep + 1)


def _vector(name: str, field: Json) -> VectorField | None:
    read = _VECTORS.get(str(field.get("type")))
    return None if read is None else read(name, field)


def _knn_vector(name: str, field: Json) -> VectorField:
    """OpenSearch's. Without ``method`` it hides the metric and the engine that it chose."""
    method = mapping_in(field, "method")
    space = method.get("space_type") or field.get("space_type")
    shown: Json = {
        key: field[key]
        for key in ("data_type", "mode", "compression_level", "model_id")
        if key in field
    }
    return _made(
        name,
        field.get("dimension"),
        space,
        "/".join(str(method[key]) for key in ("name", "engine") if key in method),
        {**shown, **_flat(mapping_in(method, "parameters"))},
    )


def _dense_vector(name: str, field: Json) -> VectorField:
    """Elasticsearch's. Two of its similarities are inner products, so it is shown as it is too."""
    options = dict(mapping_in(field, "index_options"))
    kind = options.pop("type", "")
    shown: Json = {
        key: field[key] for key in ("similarity", "element_type", "index") if key in field
    }
    return _made(
        name, field.get("dims"), field.get("similarity"), str(kind), {**shown, **_flat(options)}
    )


_VECTORS = {"knn_vector": _knn_vector, "dense_vector": _dense_vector}


def _made(
    name: str, dimensions: object, metric: object, index: str, parameters: Json
) -> VectorField:
    return VectorField(
        name,
        dimensions if isinstance(dimensions, int) else None,
        None if metric is None else _METRICS.get(str(metric), _short(metric)),
        _short(index) if index else None,
        {key: _short(value) for key, value in [*parameters.items()][:_MOST]},
    )


def _results(settings: Json) -> dict[str, str]:
    """Settings that change results, by name; too many are one digest."""
    flat = _flat(settings)
    found = {
        name: _short(value)
        for name, value in flat.items()
        if any(f"{name}.".startswith(f"{each}.") for each in _SETTINGS)
    }
    return found if len(found) <= _MOST else {"all": _digest(found)}


def _definition(fields: Mapping[str, Json]) -> str:
    """All fields but vectors, with how each is analyzed."""
    own = {
        name: {key: each[key] for key in each if key not in ("properties", "fields")}
        for name, each in fields.items()
        if each.get("type") not in _VECTORS
    }
    return _digest(own)


def _flat(found: Json, above: str = "", deep: int = 0) -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in sorted(found.items()):
        if isinstance(value, dict) and deep < _DEEPEST:
            flat |= _flat(value, f"{above}{key}.", deep + 1)
        else:
            flat[f"{above}{key}"] = value
    return flat


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= _LONGEST else _digest(text)


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
