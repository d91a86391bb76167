"""A server that is no good MLflow, in each way that there is: on the wire and nothing else.

    with BadRegistry() as bad:
        bad.url("hanging")      # the address of one that never answers

One port serves them all, each under a path of its own. What a request brought (headers too) is
echoed by every fault that has a body, as careless proxies do: none of it may be told on.
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from rig.run import free_port

Fault = Callable[["_Handler"], None]
_HANGING_SECONDS = 60.0


class BadRegistry:
    """A context manager. ``echo`` is in every body as well; ``asked`` counts requests by fault."""

    def __init__(self, *, echo: str = "") -> None:
        self.echo = echo
        self.asked: dict[str, int] = {}
        self.healed: set[str] = set()
        self.authorized: set[str] = set()
        """Everything that was said in the header Authorization."""
        self.ended = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    def url(self, fault: str) -> str:
        """Where it is bad in this way: a name of ``FAULTS``, or ``down``. ``empty``: well, with
        nothing in it.
        """
        if fault == "down":
            return f"http://127.0.0.1:{free_port()}"
        assert fault in FAULTS, fault
        return f"http://127.0.0.1:{self._server.server_port}/{fault}"

    def heal(self, fault: str) -> None:
        """From now on it is an MLflow without anything in it."""
        self.healed.add(fault)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, registry: BadRegistry) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.registry = registry


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _told(self) -> None:
        registry = self.server.registry
        fault = self.path.split("/")[1]
        registry.asked[fault] = registry.asked.get(fault, 0) + 1
        registry.authorized.add(self.headers.get("Authorization", ""))
        length = int(self.headers.get("Content-Length") or 0)
        self.brought = f"{self.headers} {self.rfile.read(length).decode()} {registry.echo}"
        if fault in registry.healed:
            _empty(self)
        else:
            FAULTS[fault](self)

    def answer(self, status: int, body: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Not onto the tests' output."""


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler._told)


def _said(status: int, code: str) -> Fault:
    """MLflow's own words, with everything that it was told."""

    def fault(handler: _Handler) -> None:
        body = {"error_code": code, "message": f"refused: {handler.brought}"}
        handler.answer(status, json.dumps(body), **{"Content-Type": "application/json"})

    return fault


def _page(status: int) -> Fault:
    def fault(handler: _Handler) -> None:
        handler.answer(status, f"<html>{handler.brought}</html>", **{"Content-Type": "text/html"})

    return fault


def _hanging(handler: _Handler) -> None:
    handler.server.registry.ended.wait(_HANGING_SECONDS)
    handler.close_connection = True


def _half(handler: _Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b'{"registered_models": [{"name": "')
    handler.close_connection = True


def _redirect(handler: _Handler) -> None:
    handler.answer(302, handler.brought, Location="http://127.0.0.1:9/login")


def _empty(handler: _Handler) -> None:
    if handler.path.split("?")[0].endswith("/search"):
        handler.answer(200, "{}")
    else:
        _said(404, "RESOURCE_DOES_NOT_EXIST")(handler)


FAULTS: dict[str, Fault] = {
    "unauthorized": _said(401, "UNAUTHENTICATED"),
    "forbidden": _said(403, "PERMISSION_DENIED"),
    "broken": _said(500, "INTERNAL_ERROR"),
    "throttled": _said(429, "RESOURCE_EXHAUSTED"),
    "garbage": _page(200),
    "proxy": _page(502),
    "elsewhere": _page(404),
    "hanging": _hanging,
    "half": _half,
    "redirect": _redirect,
    "empty": _empty,
}
