"""Whose certificates are trusted, and what is said of the others."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from rig.certificates import Authority
from stagingmirror.errors import NotAnswered
from support.mlflow.answers import SETTINGS, text
from support.mlflow.registries import connected, serving


@pytest.fixture
def as_python_3_13(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its default contexts check as strictly as RFC 5280 has it."""
    default = ssl.create_default_context

    def strict(**given: Any) -> ssl.SSLContext:
        tls = default(**given)
        tls.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
        return tls

    monkeypatch.setattr("ssl.create_default_context", strict)


def presenting(authority: Authority, *addresses: str) -> ssl.SSLContext:
    """A server whose certificate is for these addresses."""
    certificate, key = authority.server("mlflow", names=["mlflow"], addresses=addresses)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    return tls


async def asking(url: str, ca_bundle: str | None) -> dict[str, object]:
    async with connected(url, ca_bundle=ca_bundle, settings=SETTINGS) as server:
        return (await server.call("GET", "mlflow/anything")).raw()


@pytest.mark.usefixtures("as_python_3_13")
async def test_only_a_server_with_a_trusted_certificate_is_asked(tmp_path: Path) -> None:
    """Its authority has no key identifier, as older ones of companies have none."""
    authority = Authority(tmp_path / "ca")
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({})

    async with serving(handler, tls=presenting(authority, "127.0.0.1")) as url:
        with pytest.raises(NotAnswered, match="put the CA that signed it") as raised:
            await asking(url, None)
        assert raised.value.reason == "CertificateNotTrusted"
        assert asked == []

        assert await asking(url, authority.certificate.read_text()) == {}


async def test_a_certificate_for_another_host_is_not_blamed_on_the_bundle(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")

    async with serving(text(200, "{}"), tls=presenting(authority, "127.0.0.2")) as url:
        with pytest.raises(NotAnswered, match=r"for another host; set mlflow\.url") as raised:
            await asking(url, authority.certificate.read_text())

    assert raised.value.reason == "CertificateNotTrusted"


async def test_a_server_without_tls_has_no_certificate_to_blame() -> None:
    async with serving(text(200, "{}")) as url:
        with pytest.raises(NotAnswered, match="meant to be http://") as raised:
            await asking(url.replace("http://", "https://"), None)

    assert raised.value.reason == "TLSFailed"
