"""An MLflow that is reached through a proxy."""

import ssl
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from rig.certificates import Authority
from stagingmirror.errors import StagingMirrorError
from stagingmirror.sources.content.files import StoredFile
from stagingmirror.sources.content.hashing import read_bytes
from stagingmirror.sources.mlflow.client.artifacts import ServedFiles
from stagingmirror.sources.outward import Proxy
from stagingmirror.sources.source import Basic, Token
from support.mlflow.answers import SECRET, SETTINGS
from support.mlflow.proxy import a_proxy
from support.mlflow.registries import connected, serving


async def echo(request: web.Request) -> web.Response:
    """What the server was sent of credentials."""
    names = ("Authorization", "Proxy-Authorization")
    return web.json_response({name: request.headers.get(name) for name in names})


reached = partial(connected, settings=SETTINGS)


async def failure(url: str, proxy: Proxy) -> StagingMirrorError:
    async with reached(url, proxy=proxy) as server:
        with pytest.raises(StagingMirrorError) as raised:
            await server.call("GET", "mlflow/anything")
    return raised.value


async def test_calls_and_files_go_through_it_with_its_own_credentials() -> None:
    async with (
        serving(echo) as url,
        a_proxy(f"us:{SECRET}") as proxy,
        reached(url, proxy=Proxy(proxy.url, Basic("us", SECRET))) as server,
    ):
        answer = await server.call("GET", "mlflow/anything")
        async with server.get_file("1/a/w") as file:
            await file.read()

    assert [first.split(" ")[1].removeprefix(url) for first in proxy.seen] == [
        "/api/2.0/mlflow/anything",
        "/api/2.0/mlflow-artifacts/artifacts/1/a/w",
    ]
    assert answer.raw()["Authorization"] is None


async def test_it_reads_nothing_of_what_is_sent_to_a_server_with_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    certificate, key = authority.server("mlflow", names=["mlflow"], addresses=["127.0.0.1"])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    async with (
        serving(echo, tls=tls) as url,
        a_proxy(f"us:{SECRET}") as proxy,
        reached(
            url,
            proxy=Proxy(proxy.url, Basic("us", SECRET)),
            credentials=Basic("mlflow", "password"),
            ca_bundle=authority.certificate.read_text(),
        ) as server,
    ):
        answer = await server.call("GET", "mlflow/anything")

    sent = {"Authorization": "Basic bWxmbG93OnBhc3N3b3Jk", "Proxy-Authorization": None}
    assert answer.raw() == sent
    assert [first.split(" ")[0] for first in proxy.seen] == ["CONNECT"]
    assert "bWxmbG93OnBhc3N3b3Jk" not in "".join(proxy.heads)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_wants_credentials_is_not_taken_for_the_server(scheme: str) -> None:
    async with a_proxy(f"us:{SECRET}") as proxy:
        error = await failure(f"{scheme}://mlflow.example:5000", Proxy(proxy.url))

    assert error.reason == "ProxyRefused"
    assert "put proxyUsername and proxyPassword into the Secret" in error.message
    assert SECRET not in str(error)


async def test_a_proxy_without_a_login_is_sent_none_of_the_servers() -> None:
    async with (
        a_proxy(f"us:{SECRET}") as proxy,
        reached(
            "https://mlflow.example", proxy=Proxy(proxy.url), credentials=Token(SECRET)
        ) as server,
    ):
        with pytest.raises(StagingMirrorError):
            await server.call("GET", "mlflow/anything")
        with pytest.raises(StagingMirrorError):
            await read_bytes(ServedFiles(server, "1/a"), [StoredFile("w", 1)])

    assert len(proxy.heads) == 2
    assert "authorization" not in "".join(proxy.heads).lower()
    assert SECRET not in "".join(proxy.heads)


async def test_a_proxy_that_does_not_connect_to_the_server_is_named() -> None:
    async with a_proxy(status=403) as proxy:
        error = await failure("https://mlflow.example:5000", Proxy(proxy.url))

    assert error.reason == "ProxyRefused"
    assert "the proxy answers 403; may it connect to this server?" in error.message


async def test_a_proxy_that_is_not_there_is_named() -> None:
    async with a_proxy() as proxy:
        gone = proxy.url
    error = await failure("http://mlflow.example:5000", Proxy(gone))

    assert error.reason == "Unreachable"
    assert "no connection to the proxy; is mlflow.proxyUrl right" in error.message


async def test_variables_of_the_process_are_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(echo) as url, a_proxy() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with reached(url) as server:
            await server.call("GET", "mlflow/anything")

    assert proxy.seen == []


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254", "http://[fe80::1%25lo]:80", "http://[::ffff:169.254.169.254]:80"],
)
async def test_a_link_local_address_is_never_connected_to(url: str) -> None:
    async with reached(url) as server:
        with pytest.raises(StagingMirrorError) as raised:
            await server.call("GET", "mlflow/anything")
        with pytest.raises(StagingMirrorError) as of_a_file:
            await read_bytes(ServedFiles(server, "1/a"), [StoredFile("w", 1)])

    assert raised.value.reason == of_a_file.value.reason == "LinkLocal"
