"""Lines of samples.jsonl: one JSON value each."""

import json
from collections.abc import Sequence

from stagingmirror.errors import NotAnswered
from stagingmirror.sources.endpoint.protocols.body import DEEPEST, Json, parsed

# Of one line, in bytes.
MAX_LINE_BYTES = 64 * 1024


def problem_of_json(line: str) -> str | None:
    """What is wrong with a line as JSON. NaN is refused: not every server reads it."""
    if len(line.encode(errors="surrogatepass")) > MAX_LINE_BYTES:
        return f"it has more than {MAX_LINE_BYTES // 1024} KiB"
    try:
        parsed(line.encode(), nan=False)
    except (NotAnswered, UnicodeEncodeError):
        return (
            f"it is not one JSON value of at most {DEEPEST} levels, in which no object names a key "
            "twice"
        )
    return None


def value_of(line: str) -> Json:
    """Of a line without a problem."""
    return json.loads(line)


def written(value: Json) -> bytes:
    """The same bytes for the same value, on any side."""
    return json.dumps(value, separators=(",", ":")).encode()


def distinct(lines: Sequence[str]) -> int:
    """How many samples there are, where two that differ in blanks or in the order of keys are
    one.
    """
    return len({json.dumps(value_of(line), sort_keys=True) for line in lines})
