"""Arguments of containers."""

from collections.abc import Callable, Iterator
from typing import Any

from stagingmirror.drift.command.words import MAX_CHARACTERS, MAX_WORDS
from stagingmirror.sources.kubernetes.objects import parse
from support.growth.parser import KIB, Parser, repeated
from support.kinds.builders import PRODUCTION, STAGING, World
from support.kinds.snapshots import verdict
from support.kubernetes import cluster_bodies
from support.settings.arguments import GIVEN, TOKENIZER, serving


def arguments() -> Iterator[tuple[str, Parser]]:
    for word in ("--x", "--x=", "-", "--", "sh", "$(V)", "$(A)", TOKENIZER, "x"):
        yield f"arguments of {word}", Parser(_words(word), _judged, MAX_WORDS - 4)
    for text in ("$(V)", "$(", "$$", "=", "-", "_", "x"):
        yield f"an argument of {text}", Parser(_value(text), _judged, 128 * KIB)
        yield f"a word of {text}", Parser(_long_word(text), _judged, MAX_CHARACTERS - KIB)
    for word in ("x", "--x=$(V)"):
        yield f"arguments of a Deployment, {word}", Parser(_deployment(word), _parsed, 100_000)


def _judged(world: World) -> object:
    return verdict(world, GIVEN)


def _parsed(body: Any) -> object:
    return parse.deployment(body).containers["app"].words


def _both(*args: str) -> World:
    servers = (serving(side, *args, V="v" * 100) for side in (PRODUCTION, STAGING))
    return World().add(*servers)


def _words(word: str) -> Callable[[int], World]:
    return lambda size: _both(*([word] * size))


def _value(text: str) -> Callable[[int], World]:
    return lambda size: _both(TOKENIZER, repeated(text)(size))


def _long_word(text: str) -> Callable[[int], World]:
    return lambda size: _both(f"--{repeated(text)(size)}", TOKENIZER, "a")


def _deployment(word: str) -> Callable[[int], Any]:
    def make(size: int) -> Any:
        spec = cluster_bodies.pod_spec(cluster_bodies.container(args=[word] * size))
        return cluster_bodies.deployment(spec=spec)

    return make
