"""Specs that follow the schema of a CRD and are odd otherwise: long, short, far, or of any letter.

The API server decides which of them are right; what it admits, the operator must answer.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from stagingmirror.api.crd.generate import crds
from stagingmirror.api.spec.kinds import KINDS
from support.resources.resources import Object

Schema = Mapping[str, Any]

_PATTERN = re.compile(r"^self\.matches\(r'(.*?)'\)")
_TEXT = st.characters(exclude_categories=["Cs"])
# What a pattern allows, and what hardly anybody writes.
_ODD = {
    "until": [
        *("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z"),
        *("2027-02-28T24:00:00Z", "2099-01-31T00:00:00.123456789+14:00", "2030-06-30T23:59:60Z"),
        "2027-01-31T18:00:00+24:00",
    ],
    "schedule": ["0 0 30 2 *", "@hourly", "* * * * *", "0 6 * * 1-5", "L", "61 * * * *"],
    "timeZone": ["Europe/Berlin", "right/UTC", "Factory", "../../etc/passwd", "UTC\x00"],
}
_DURATIONS = ["30s", "2m", "9999999999999h", "0s", "0.000000001ms", "292h1.5m", "2000000h"]
# Fewer odd ones where a wrong one spoils all the rest.
_ODD |= {"checkInterval": ["5s", "30s", "0s"], "staleAfter": ["2m", "292h", "2000000h"]}


def holds() -> st.SearchStrategy[Object]:
    """Specs of MirrorHolds, right and wrong ones."""
    return _object(_spec_of("mirrorholds"))


@st.composite
def mirrors(draw: st.DrawFn) -> Object:
    """Specs of StagingMirrors with one or two entries of one kind each, and acceptances of what is
    tracked: nearly all others are refused for that.
    """
    whole = _spec_of("stagingmirrors")
    entry = whole["properties"]["track"]["items"]
    rest = {k: v for k, v in whole["properties"].items() if k not in ("track", "accept")}
    spec = draw(_object({**whole, "properties": rest}))
    kinds = sorted(KINDS)
    some = st.lists(st.sampled_from(kinds), min_size=1, max_size=2)
    spec["track"] = [
        {"name": f"c{number}", kind: _led(kind, draw(_any(kind, entry["properties"][kind])))}
        for number, kind in enumerate(draw(some))
    ]
    if draw(st.booleans()):
        accepted = draw(_any("accept", whole["properties"]["accept"]["items"]))
        spec["accept"] = [accepted | {"component": "c0"}]
    return spec


def _led(kind: str, entry: Object) -> Object:
    """With references that lead somewhere: hardly any others would be admitted."""
    if kind != "featureParity":
        return entry
    return {k: v for k, v in entry.items() if k != "of"} | {
        "production": {"endpoint": entry["production"]["endpoint"]},
        "samples": {"offered": "samples"},
    }


@cache
def _spec_of(plural: str) -> Schema:
    definition = next(crd for crd in crds() if crd["spec"]["names"]["plural"] == plural)
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec: Schema = schema["properties"]["spec"]
    return spec


def _any(name: str, schema: Schema) -> st.SearchStrategy[Any]:
    match schema["type"]:
        case "object":
            return _object(schema)
        case "array":
            least, most = schema.get("minItems", 0), min(schema.get("maxItems", 3), 3)
            return st.lists(_any(name, schema["items"]), min_size=least, max_size=most)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case _:
            return _string(name, schema)


def _object(schema: Schema) -> st.SearchStrategy[Object]:
    properties = schema.get("properties", {})
    required = set(schema.get("required", ()))
    made = {name: _any(name, part) for name, part in properties.items()}
    return st.fixed_dictionaries(
        {name: strategy for name, strategy in made.items() if name in required},
        optional={name: strategy for name, strategy in made.items() if name not in required},
    )


def _string(name: str, schema: Schema) -> st.SearchStrategy[str]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    least, most = schema.get("minLength", 0), schema.get("maxLength", 64)
    whatever = st.text(_TEXT, min_size=least, max_size=min(most, 64))
    longest = whatever.map(lambda text: (text * most)[:most] or "x" * most)
    pattern = _pattern(schema)
    if name in _ODD:
        return st.sampled_from(_ODD[name])
    if pattern is None:
        return whatever | longest
    if "(ms|s|m|h)" in pattern:
        return st.sampled_from(_DURATIONS)
    return st.from_regex(pattern, fullmatch=True).map(lambda text: text[:most])


def _pattern(schema: Schema) -> str | None:
    rules = (each["rule"] for each in schema.get("x-kubernetes-validations", ()))
    found = (match.group(1) for rule in rules if (match := _PATTERN.match(rule)) is not None)
    pattern = next(found, None)
    return None if pattern is None or r"\p" in pattern else pattern
