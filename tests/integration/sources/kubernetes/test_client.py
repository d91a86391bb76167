"""The client on the wire: a server that answers badly, and the real one."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.errors import Conflicted, NotAllowed, NotAnswered, NotThere, Refused
from stagingmirror.sources.kubernetes.api import reader, sockets, wire
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.api.login import Login

pytestmark = pytest.mark.integration

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
SECRET = "hunter2-token"


async def anonymous() -> str | None:
    return f"Bearer {SECRET}"


@asynccontextmanager
async def answered_by(answer: Answer, *, patience: float = 1.0) -> AsyncIterator[KubernetesClient]:
    """A client of a server that answers everything like this."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    access = Login(f"http://127.0.0.1:{port}", None, anonymous, "default")
    async with KubernetesClient(access, timeout=patience) as client:
        yield client
    await runner.cleanup()


def saying(text: str, status: int = 200) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, status=status, content_type="application/json")

    return answer


async def hanging(_: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


async def breaking_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"kind": "Pod"')
    assert request.transport is not None
    request.transport.abort()
    return response


@pytest.mark.parametrize(
    "answer",
    [
        hanging,
        breaking_off,
        saying("<html>"),
        saying("{"),
        saying("[]"),
        saying("oops " + SECRET, 500),
        saying("", 429),
        saying("", 302),
    ],
)
async def test_what_is_no_answer_is_not_answered(answer: Answer) -> None:
    async with answered_by(answer, patience=0.3) as client:
        with pytest.raises(NotAnswered) as caught:
            await client.request("GET", "/api/v1/pods")

    assert caught.value.reason == "ClusterNotAnswering"
    assert SECRET not in str(caught.value)


async def test_a_refused_connection_is_not_answered() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        access = Login(f"http://127.0.0.1:{port}", None, anonymous, "default")
        async with KubernetesClient(access, timeout=1) as client:
            with pytest.raises(NotAnswered):
                await client.request("GET", "/api/v1/pods")


async def test_an_endless_body_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "BODY_LIMIT", 1000)
    async with answered_by(saying('{"kind": "' + "x" * 2000 + '"}')) as client:
        with pytest.raises(NotAnswered):
            await client.request("GET", "/api/v1/pods")


async def test_each_call_is_counted_with_its_outcome() -> None:
    calls: list[tuple[str, str]] = []
    async with answered_by(hanging, patience=0.1) as client:
        client.on_call = lambda method, outcome, seconds: calls.append((method, outcome))
        with pytest.raises(NotAnswered):
            await client.request("GET", "/api/v1/pods")
    async with answered_by(saying("", 409)) as client:
        client.on_call = lambda method, outcome, seconds: calls.append((method, outcome))
        with pytest.raises(Conflicted):
            await client.request("PUT", "/api/v1/pods", body={})

    assert calls == [("GET", "error"), ("PUT", "409")]


async def test_a_watch_gives_whole_lines_however_they_arrive() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for part in (b'{"a"', b": 1}\n\n", b'{"b": 2}\n{"c"', b": 3}\n", b"cut off"):
            await response.write(part)
            await asyncio.sleep(0.01)
        return response

    async with answered_by(answer) as client, aclosing(client.stream("/watch", {})) as lines:
        heard = [json.loads(line) async for line in lines]

    assert heard == [{"a": 1}, {"b": 2}, {"c": 3}]


async def test_an_event_without_an_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LINE_LIMIT", 1000)

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x" * 5000)
        await asyncio.sleep(5)
        return response

    async with answered_by(answer) as client, aclosing(client.stream("/watch", {})) as lines:
        with pytest.raises(NotAnswered):
            await anext(lines)


async def test_a_watch_that_never_opens_is_not_answered() -> None:
    async with (
        answered_by(hanging, patience=0.2) as client,
        aclosing(client.stream("/watch", {})) as lines,
    ):
        with pytest.raises(NotAnswered):
            await anext(lines)


def test_a_socket_notices_within_ten_seconds_that_nobody_is_there() -> None:
    address = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 1))
    with sockets.keepalive_socket(address) as made:
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle, interval, count = (
            made.getsockopt(socket.IPPROTO_TCP, getattr(socket, option))
            for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
        )
        assert idle + interval * count <= 10
        assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 10_000


async def test_errors_of_the_real_server_are_told_apart(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    body = {"metadata": {"name": "a"}, "data": {"k": "v"}}
    async with await connected(control_plane.kubeconfig) as client:
        made = await client.request("POST", maps, body=body)
        assert made["metadata"]["managedFields"][0]["manager"] == "stagingmirror"
        with pytest.raises(Conflicted) as already:
            await client.request("POST", maps, body=body)
        assert already.value.reason == "AlreadyExists"
        stale = {"metadata": {"name": "a", "resourceVersion": "1"}}
        with pytest.raises(Conflicted):
            await client.request("PUT", f"{maps}/a", body=stale)
        with pytest.raises(NotThere):
            await client.request("GET", f"{maps}/missing")
        with pytest.raises(NotAnswered):
            await client.request("GET", "/apis/nobody.example/v1/things/x")
        with pytest.raises(Refused) as invalid:
            await client.request("POST", maps, body={"metadata": {"name": "Not Valid"}})
        assert "metadata.name" in invalid.value.message
    account = control_plane.service_account(namespace, "powerless")
    async with await connected(account) as client:
        with pytest.raises(NotAllowed) as forbidden:
            await client.request("GET", maps)
        assert forbidden.value.reason == "Forbidden"
        assert maps in forbidden.value.message


async def test_a_quota_and_a_namespace_that_ends_are_refusals_not_a_lack_of_rights(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with await connected(control_plane.kubeconfig) as client:
        maps = f"/api/v1/namespaces/{namespace}/configmaps"
        quota = {"metadata": {"name": "none"}, "spec": {"hard": {"configmaps": "0"}}}
        await client.request("POST", f"/api/v1/namespaces/{namespace}/resourcequotas", body=quota)

        async def refusal() -> str:
            try:
                await client.request("POST", maps, body={"metadata": {"generateName": "a-"}})
            except Refused as refused:
                return refused.reason
            return ""

        async def refused_with(reason: str) -> None:
            async with asyncio.timeout(10):
                while await refusal() != reason:  # noqa: ASYNC110 - the cluster knows no event
                    await asyncio.sleep(0.1)

        await refused_with("QuotaExceeded")
        # A finalizer keeps the namespace at its end for as long as the test looks.
        patch = {"metadata": {"finalizers": ["test.example/stay"]}}
        kube.patch("v1", "ConfigMap", "kube-root-ca.crt", namespace, patch)
        kube.delete("v1", "Namespace", namespace)
        await refused_with("NamespaceTerminating")
        kube.patch(
            "v1", "ConfigMap", "kube-root-ca.crt", namespace, {"metadata": {"finalizers": None}}
        )


@pytest.mark.parametrize("metadata_only", [False, True])
async def test_pages_together_are_the_whole_list(
    control_plane: ControlPlane, kube: Kube, namespace: str, metadata_only: bool
) -> None:
    for number in range(7):
        metadata = {"name": f"m-{number}", "namespace": namespace}
        kube.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "v"}}
        )
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    async with await connected(control_plane.kubeconfig) as client:
        pages = [page async for page in client.pages(path, limit=3, metadata_only=metadata_only)]

    items = [item for page in pages for item in page["items"]]
    ours = [item for item in items if item["metadata"]["name"].startswith("m-")]
    assert len(pages) == 3
    assert [item["metadata"]["name"] for item in ours] == [f"m-{number}" for number in range(7)]
    assert all(("data" in item) is not metadata_only for item in ours)


async def connected(kubeconfig: Path) -> KubernetesClient:
    return await KubernetesClient.connect(kubeconfig=str(kubeconfig), timeout=5)
