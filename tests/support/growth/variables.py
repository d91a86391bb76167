"""Variables of containers, which refer to each other."""

from collections.abc import Callable, Iterator
from typing import Any

from stagingmirror.sources.kubernetes.objects import parse
from support.growth.parser import KIB, OBJECT, Parser, repeated
from support.kubernetes import cluster_bodies


def _deployment(env: list[dict[str, str]]) -> Any:
    spec = cluster_bodies.pod_spec(cluster_bodies.container(env=env))
    return cluster_bodies.deployment(spec=spec)


def _all_variables(body: Any) -> object:
    return dict(parse.deployment(body).containers["app"].variables)


def _last_variable(body: Any) -> object:
    return parse.deployment(body).containers["app"].variables["LAST"]


def _one_variable(text: str) -> Parser:
    def make(size: int) -> Any:
        return _deployment([{"name": "LAST", "value": repeated(text)(size)}])

    return Parser(make, _all_variables, OBJECT)


def _chain(each: Callable[[int], str], *, read: Callable[[Any], object] = _last_variable) -> Parser:
    """``size`` variables, each with a text made of its number."""

    def make(size: int) -> Any:
        env = [{"name": f"V{n}", "value": each(n)} for n in range(size)]
        return _deployment([*env, {"name": "LAST", "value": f"$(V{size - 1})"}])

    return Parser(make, read, 30_000)


def variables() -> Iterator[tuple[str, Parser]]:
    for text in ("$(", "$$", "$", "$()", "$(V)", "$($)", "x"):
        yield f"a variable of {text}", _one_variable(text)
        yield f"a variable that is nearly too long, of {text}", _shorter(_one_variable(text))
    yield "variables in a chain", _chain(lambda n: f"$(V{n - 1})")
    yield "variables that double", _chain(lambda n: f"$(V{n - 1})$(V{n - 1})")
    yield (
        "variables of one name",
        Parser(
            lambda size: _deployment([{"name": "LAST", "value": "$(LAST)$(LAST)"}] * size),
            _last_variable,
            30_000,
        ),
    )
    yield "variables that are all unknown", _chain(lambda n: f"$(W{n})")


def _shorter(parser: Parser) -> Parser:
    return Parser(parser.make, parser.parse, 128 * KIB)
