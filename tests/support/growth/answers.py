"""Names and addresses of artifacts, and bodies of answers."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from stagingmirror.api.spec.environment.location import location_of
from stagingmirror.sources.kubernetes.api import errors as kubernetes_errors
from stagingmirror.sources.kubernetes.api import wire
from stagingmirror.sources.mlflow.client import artifacts, wire_types
from stagingmirror.sources.mlflow.client import errors as mlflow_errors
from stagingmirror.sources.mlflow.client.wire_types import Fields
from support.growth.parser import KIB, OBJECT, Parser, repeated


def files() -> Iterator[tuple[str, Parser]]:
    there: Any = SimpleNamespace(host="mlflow", direct=lambda uri: None)
    for text in ("/", "../", "%2F", "a/", "/api/2.0/mlflow-artifacts/artifacts/", "ä"):
        yield (
            f"an artifact's address of {text}",
            Parser(
                repeated(text, head="mlflow-artifacts:/"),
                lambda uri: artifacts.located(artifacts.root_of(there, uri), "MLmodel"),
                64 * KIB,
            ),
        )
    for text in ("/", "a/", "../", "ä"):
        yield (
            f"a place in an object store of {text}",
            Parser(repeated(text, head="s3://bucket/"), location_of, 64 * KIB),
        )
    yield (
        "artifact names",
        Parser(
            lambda size: _Listing([{"path": f"f{n}", "file_size": 1} for n in range(size)]),
            lambda listing: asyncio.run(_listed(listing)),
            10_000,
        ),
    )
    yield (
        "an artifact's name",
        Parser(
            lambda size: _Listing([{"path": "a" * size, "file_size": 1}]),
            lambda listing: asyncio.run(_listed(listing)),
            1024 * KIB,
        ),
    )


@dataclass(slots=True)
class _Listing:
    files: list[dict[str, Any]]

    async def call(self, *_: object, **__: object) -> Fields:
        return Fields({"files": self.files}, "answer")


async def _listed(listing: Any) -> object:
    return await artifacts.ServedFiles(listing, "root").listing()


def bodies() -> Iterator[tuple[str, Parser]]:
    for name, text in {
        "brackets": "[",
        "braces": '{"a":',
        "digits": "9",
        "escapes": "\\u0041",
        "commas": "[],",
        "quotes": '"",',
    }.items():
        body = _body(text)
        full = 1024 * KIB
        yield (
            f"Kubernetes' answer of {name}",
            Parser(body, lambda given: kubernetes_errors.object_of(given, "GET"), full),
        )
        yield (
            f"Kubernetes' list of {name}",
            Parser(
                _list_of(text),
                lambda given: list(kubernetes_errors.items_of(given, "GET", dict)),
                full,
            ),
        )
        yield (
            f"Kubernetes' error of {name}",
            Parser(body, lambda given: kubernetes_errors.error_of(422, given, "GET"), full),
        )
        yield (
            f"MLflow's answer of {name}",
            Parser(body, lambda given: mlflow_errors.decoded(given, "GET"), full),
        )
        yield (
            f"MLflow's error of {name}",
            Parser(
                body, lambda given: mlflow_errors.refusal(422, given, "GET", is_mlflow=True), full
            ),
        )
    yield (
        "items of a list",
        Parser(
            lambda size: json.dumps(
                {"kind": "L", "items": [{"a": 1}] * size}, separators=(",", ":")
            ).encode(),
            lambda given: list(kubernetes_errors.items_of(given, "GET", dict)),
            100_000,
        ),
    )
    yield (
        "a watch event in small parts",
        Parser(lambda size: [b"x" * 64] * (size // 64) + [b"\n"], _streamed, 8 * 1024 * KIB),
    )
    yield "watch events in one part", Parser(lambda size: [b"x\n" * (size // 2)], _streamed, OBJECT)
    yield (
        "tags of an answer",
        Parser(
            lambda size: {"name": "m", "version": "1", "tags": [{"key": "k", "value": "v"}] * size},
            lambda given: wire_types.version(Fields(given, "answer")),
            100_000,
        ),
    )


def _body(text: str) -> Callable[[int], bytes]:
    return lambda size: ('{"kind":"Status","message":' + repeated(text)(size)).encode()


def _list_of(text: str) -> Callable[[int], bytes]:
    return lambda size: ('{"kind":"L","metadata":{},"items":[' + repeated(text)(size)).encode()


def _streamed(parts: list[bytes]) -> object:
    async def chunks() -> Any:
        for part in parts:
            yield part

    async def read() -> int:
        answer: Any = SimpleNamespace(content=SimpleNamespace(iter_any=chunks))
        return sum([len(line) async for line in wire.lines(answer, "WATCH")])

    return asyncio.run(read())
