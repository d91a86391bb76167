"""Values that are kept by name, in few objects."""

import json
from itertools import chain

from stagingmirror.engine.resources import buckets
from stagingmirror.engine.resources.buckets import Buckets


def test_a_bucket_that_is_too_large_for_one_object_is_exported_in_parts() -> None:
    kept = Buckets()
    names = {f"name-{number}": "x" * 5000 for number in range(40_000)}
    for name, value in names.items():
        if buckets._bucket(name) in ("00", "01"):
            kept.put(name, value)
    few = Buckets()
    few.put("a", "b")

    exported = kept.export()

    assert len(exported) > 2
    assert max(len(json.dumps(part)) for part in exported.values()) <= buckets.MOST
    found = dict(chain.from_iterable(part.items() for part in exported.values()))
    assert found == {name: names[name] for name in kept}
    assert list(few.export().values()) == [{"a": "b"}]


def test_what_has_not_changed_is_exported_as_the_same_objects() -> None:
    kept = Buckets()
    kept.put("a", {"b": 1})

    first = kept.export()
    assert all(kept.export()[key] is part for key, part in first.items())

    kept.put("a", None)
    assert kept.export() == {}
