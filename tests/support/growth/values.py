"""Values of settings, and versions that variables name."""

from collections.abc import Callable, Iterator

from support.growth.parser import KIB, Parser, repeated
from support.kinds import fraud, snapshots
from support.kinds.builders import PRODUCTION, STAGING, World
from support.kinds.fraud import BY_VARIABLE, both, server


def values() -> Iterator[tuple[str, Parser]]:
    given = snapshots.entry(warnOlderThan="48h")
    for text in ("2026-01-01", "{value}", "$(", " ", "9", "\n", "ä"):
        yield (
            f"a ConfigMap's value of {text!r}",
            Parser(_value_of(text), lambda world: snapshots.verdict(world, given), 1024 * KIB),
        )
        yield (
            f"a ConfigMap's value to be written, of {text!r}",
            Parser(
                _value_of(text), lambda world: snapshots.plan(world, snapshots.entry()), 500 * KIB
            ),
        )
    for text in ("models:/", "models:/a", "9", "@", "/"):
        yield (
            f"a variable that names a version, of {text}",
            Parser(
                _version_of(text),
                judged,
                128 * KIB,
            ),
        )


def judged(world: World) -> object:
    return fraud.verdict(world, fraud.entry(BY_VARIABLE))


def _value_of(text: str) -> Callable[[int], World]:
    return lambda size: snapshots.snapshots(repeated(text)(size), "x" + repeated(text)(size))


def _version_of(text: str) -> Callable[[int], World]:
    def make(size: int) -> World:
        value = "models:/" + repeated(text)(size)
        return both(server(PRODUCTION, value), server(STAGING, value))

    return make
