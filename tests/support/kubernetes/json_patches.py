"""A JSON patch (RFC 6902) as the API server applies it: whole, or refused where a test fails."""

import copy
from collections.abc import Sequence
from typing import Any

from stagingmirror.errors import Refused

Object = dict[str, Any]


def patched(body: Object, operations: Sequence[Object]) -> Object:
    """Raises Refused (Invalid), as a 422 is."""
    whole = copy.deepcopy(body)
    for each in operations:
        *way, last = (_plain(part) for part in each["path"].split("/")[1:])
        part: Any = whole
        try:
            for name in way:
                part = part[int(name)] if isinstance(part, list) else part[name]
            at: Any = int(last) if isinstance(part, list) else last
            match each["op"]:
                case "test":
                    assert part[at] == each["value"]
                case "remove":
                    del part[at]
                case "replace":
                    assert part[at] is not None
                    part[at] = copy.deepcopy(each["value"])
                case "add":
                    part[at] = copy.deepcopy(each["value"])
        except (KeyError, IndexError, AssertionError):
            raise Refused("Invalid", f"{each['op']} {each['path']} does not hold") from None
    return whole


def _plain(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
