"""Fields of our own API. They are bounded; what parses them is not trusted to that."""

from collections.abc import Iterator

from stagingmirror.api.status.truncation import LEVELS, cut_all
from stagingmirror.api.types import duration, quantity, times
from stagingmirror.drift.schedule import check_schedule
from support.growth.parser import KIB, OBJECT, Parser, repeated


def own() -> Iterator[tuple[str, Parser]]:
    for text in ("0 ", "*/1,", "1-", "@", "L"):
        yield (
            f"cron of {text}",
            Parser(repeated(text), lambda cron: check_schedule(cron, "UTC"), 64 * KIB),
        )
    for text in ("2026-01-01T00:00:00.", "9", "2026-01-01T00:00:00." + "9" * 40):
        yield f"a time of {text}", Parser(repeated(text), times.parse_time, 64 * KIB)
        yield (
            f"a time that ends in {text}",
            Parser(
                repeated(text, head="2026-01-01T00:00:00.1", tail="Z"),
                times.parse_time,
                64 * KIB,
            ),
        )
    for text in ("1", "1.", "1h", "1h1m", "h"):
        yield f"a duration of {text}", Parser(repeated(text), duration.seconds, 64 * KIB)
        yield f"a quantity of {text}", Parser(repeated(text), quantity.parse_bytes, 64 * KIB)
    yield (
        "a status",
        Parser(
            lambda size: {"a": ["x" * size, {"b": "ä" * size}]},
            lambda value: cut_all(value, LEVELS[0].value),
            OBJECT,
        ),
    )
