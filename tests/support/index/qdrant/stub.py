"""A stub of Qdrant for what is read of it. Every request and answer is validated by ``api``;
what is not as described there is in ``violations``.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from support.index.qdrant.api import CALLS, FAILED, VERSION, is_id

Json = dict[str, Any]
PointId = int | str


@dataclass
class StubCollection:
    """``info`` is what the stub answers of its definition."""

    info: Json
    points: dict[PointId, Json] = field(default_factory=dict)


class _Refusal(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def _order(point: PointId) -> tuple[bool, int | str]:
    """Numbers first, then UUIDs."""
    return isinstance(point, str), point


class QdrantStub:
    """An async context manager. ``tokens``: which collections each lets in, None for all."""

    def __init__(self, tokens: Mapping[str, frozenset[str] | None]) -> None:
        self.tokens = tokens
        self.collections: dict[str, StubCollection] = {}
        self.aliases: dict[str, str] = {}
        self.violations: list[str] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.instead: web.Response | None = None
        """What is answered to everything."""
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/", self._root)
        of: dict[str, Callable[[StubCollection, Json], Any]] = {
            "/points": self._retrieved,
            "/points/scroll": self._scrolled,
            "/points/count": lambda found, _: {"count": len(found.points)},
        }
        for method, path in CALLS:
            end = path.removeprefix("/collections/{name}")
            app.router.add_route(method, path, self._handler(method, path, of.get(end)))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0])
        return self

    async def __aexit__(self, *_: object) -> None:
        self.answers.set()
        await self._runner.cleanup()

    async def _root(self, request: web.Request) -> web.Response:
        """Without an envelope, and for whoever has a token."""
        await self.answers.wait()
        try:
            self._scope(request)
        except _Refusal as refusal:
            return web.Response(status=refusal.status, text=refusal.text)
        if self.instead is not None:
            return self.instead
        body = {"title": "qdrant - vector search engine", "version": "1.20.0"}
        return self._valid(VERSION, body)

    def _handler(
        self, method: str, path: str, of: Callable[[StubCollection, Json], Any] | None
    ) -> Callable[[web.Request], Any]:
        asked, answered = CALLS[method, path]

        async def handle(request: web.Request) -> web.Response:
            await self.answers.wait()
            if self.instead is not None:
                return self.instead
            try:
                scope = self._scope(request)
                body = await request.json() if asked is not None else {}
                if asked is not None:
                    self._validate(asked, body)
                if path == "/aliases":
                    result: Any = self._aliases(scope)
                else:
                    found = self._collection(request.match_info["name"], scope)
                    result = found.info if of is None else of(found, body)
            except _Refusal as refusal:
                if refusal.status == 401:
                    return web.Response(status=401, text=refusal.text)
                failed = {"time": 0.0, "status": {"error": refusal.text}, "result": None}
                return self._valid(FAILED, failed, refusal.status)
            return self._valid(answered, {"time": 0.0, "status": "ok", "result": result})

        return handle

    def _scope(self, request: web.Request) -> frozenset[str] | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise _Refusal(401, "Invalid API key or JWT")
        return self.tokens[token]

    def _aliases(self, scope: frozenset[str] | None) -> Json:
        """Those that the token does not list are left out."""
        shown = {k: v for k, v in self.aliases.items() if scope is None or k in scope}
        return {"aliases": [{"alias_name": k, "collection_name": v} for k, v in shown.items()]}

    def _collection(self, name: str, scope: frozenset[str] | None) -> StubCollection:
        if scope is not None and name not in scope:
            raise _Refusal(403, f"Forbidden: Access to collection {name} is required")
        if name not in self.collections:
            raise _Refusal(404, f"Not found: Collection `{name}` doesn't exist!")
        return self.collections[name]

    def _retrieved(self, found: StubCollection, body: Json) -> list[Json]:
        self._known_ids(body["ids"])
        return [found.points[each] for each in body["ids"] if each in found.points]

    def _scrolled(self, found: StubCollection, body: Json) -> Json:
        start = body.get("offset")
        self._known_ids([] if start is None else [start])
        ids = [
            each
            for each in sorted(found.points, key=_order)
            if start is None or _order(each) >= _order(start)
        ]
        limit = body.get("limit", 10)
        more = ids[limit] if len(ids) > limit else None
        return {"points": [{"id": each} for each in ids[:limit]], "next_page_offset": more}

    def _known_ids(self, ids: list[PointId]) -> None:
        if not all(map(is_id, ids)):
            self.violations.append(f"no id of a point among {ids}")
            raise _Refusal(400, "Format error in JSON body")

    def _validate(self, adapter: TypeAdapter[Any], value: Any) -> None:
        try:
            adapter.validate_python(value)
        except ValidationError as error:
            self.violations.append(str(error))

    def _valid(self, adapter: TypeAdapter[Any], value: Any, status: int = 200) -> web.Response:
        self._validate(adapter, value)
        return web.json_response(value, status=status)
