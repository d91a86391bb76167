"""Answers of endpoints, lines of samples, and names of features."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from stagingmirror.drift.parity.comparing.scalars import instant
from stagingmirror.drift.parity.names import shown
from stagingmirror.errors import NotAnswered
from stagingmirror.patterns import matches
from stagingmirror.sources.endpoint.answers import values_in
from stagingmirror.sources.endpoint.protocols import PROTOCOLS
from stagingmirror.sources.endpoint.protocols.body import parsed
from stagingmirror.sources.endpoint.protocols.lines import MAX_LINE_BYTES
from stagingmirror.sources.endpoint.protocols.protocol import Request
from support.growth.parser import KIB, Parser, repeated

_REQUEST = Request(b'{"entities":{},"inputs":[]}', (0,))
_PARTS = {
    "brackets": "[",
    "closed brackets": "[[[[]]]],",
    "braces": '{"a":',
    "digits": "9",
    "numbers": "1,",
    "escapes": "\\u0041",
    "objects": '{"a":{"b":1}},',
    "words": "NaN,",
}


def _values(body: bytes, pointer: str) -> object:
    with suppress(NotAnswered):
        return values_in(body, [pointer])
    return None


def endpoints() -> Iterator[tuple[str, Parser]]:
    for name, text in _PARTS.items():
        yield (
            f"an endpoint's answer of {name}",
            Parser(_body("[", text), lambda body: parsed(body, nan=True), 1024 * KIB),
        )
        yield (
            f"an answer to a GET, of {name}",
            Parser(_body("[", text), lambda body: _values(body, "/0/1/a"), 1024 * KIB),
        )
    yield (
        "a pointer into an answer",
        Parser(repeated("/~1~0"), lambda pointer: _values(b"[[[1]]]", pointer), 64 * KIB),
    )
    heads = {
        "JSON": '{"a":[',
        "Feast": (
            '{"metadata":{"feature_names":["a"]},"results":[{"statuses":["PRESENT"],"values":[['
        ),
        "OpenInference": '{"outputs":[{"name":"a","datatype":"FP32","shape":[1],"data":[',
        "OpenAIEmbeddings": '{"data":[{"index":0,"embedding":[',
        "MLflowScoring": '{"predictions":[[',
    }
    tails = {"Feast": "]]}]}", "OpenInference": "]}]}", "OpenAIEmbeddings": "]}]}", "JSON": "]}"}
    for protocol, head in heads.items():
        for what, part in {"numbers": "1,", "lists": "[1],", "texts": '"",'}.items():
            yield (
                f"an answer of {protocol} of {what}",
                Parser(
                    _body(head, part, "0" + tails.get(protocol, "]]}")),
                    partial(PROTOCOLS[protocol].read, _REQUEST),
                    1024 * KIB,
                ),
            )
        yield (
            f"a line of {protocol}",
            Parser(
                repeated("1,", head='{"inputs":[', tail="0]}"),
                PROTOCOLS[protocol].problem,
                MAX_LINE_BYTES - len('{"inputs":[0]}'),
            ),
        )
    yield (
        "keys of an answer",
        Parser(
            lambda size: json.dumps({f"k{n}": n for n in range(size)}).encode(),
            lambda body: PROTOCOLS["JSON"].read(_REQUEST, body),
            100_000,
        ),
    )
    yield (
        "samples with texts",
        Parser(
            lambda size: [f'{{"id":"{n}"}}' for n in range(size)],
            lambda lines: PROTOCOLS["JSON"].requests(lines),
            1_000,
        ),
    )
    for pattern in ("*a", "*ab", "*aaaaaaab"):
        yield (
            f"a pattern of {pattern} and a name of a",
            Parser(
                repeated(pattern, tail="*b*"),
                lambda given: matches(given, "a" * len(given)),
                64 * KIB,
            ),
        )
    yield "a feature's name", Parser(repeated("\u202e"), shown, 1024 * KIB)
    yield "a time of nines", Parser(repeated("9", head="2026-01-01T00:00:00."), instant, 64 * KIB)


def _body(head: str, text: str, tail: str = "") -> Callable[[int], bytes]:
    return lambda size: repeated(text, head=head, tail=tail)(size).encode()
