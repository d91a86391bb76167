"""What a Secret of an endpoint must hold, and what of it is sent to whom."""

from typing import Any

import pytest

from stagingmirror.api.spec.environment.endpoint import Endpoint
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NeedsHuman
from stagingmirror.sources.endpoint.client import EndpointClient
from stagingmirror.sources.endpoint.login import Login, login_of
from stagingmirror.sources.endpoint.rate import Rate
from stagingmirror.sources.source import Access, Basic, Token
from support.parity.specs import endpoint

HIDDEN = "h1dden"


def an_endpoint(**fields: Any) -> Endpoint:
    given = {"credentialsSecretRef": {"name": "login"}} | fields
    return Endpoint.model_validate(endpoint(**given))


def login(**keys: str) -> Login | Why:
    given = {name.replace("__", "."): text for name, text in keys.items()}
    return login_of(an_endpoint(), Access(None, variables={"login": given}))


def client(of: Login, **fields: Any) -> EndpointClient:
    return EndpointClient(
        an_endpoint(**fields), of, rate=Rate(), connections=4, on_call=lambda *_: None
    )


def test_an_endpoint_without_a_secret_needs_none() -> None:
    assert login_of(an_endpoint(credentialsSecretRef=None), None) == Login()


def test_a_token_counts_before_a_password() -> None:
    found = login(token=HIDDEN, username="we", password="other")

    assert isinstance(found, Login)
    assert found.access == Access(Token(HIDDEN))


def test_headers_alone_are_a_login() -> None:
    found = login(**{"header__X-Api-Key": HIDDEN})

    assert isinstance(found, Login)
    assert found.headers == (("X-Api-Key", HIDDEN),)
    assert HIDDEN not in repr(found.access)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"token": ""},
        {"username": "we"},
        {"password": HIDDEN},
        {"username": "we", "header.X-Api-Key": HIDDEN},
        {"token": "t", "proxyUsername": "we"},
    ],
)
def test_half_a_login_sends_nothing(keys: dict[str, str]) -> None:
    found = login_of(an_endpoint(), Access(None, variables={"login": keys}))

    assert isinstance(found, Why)
    assert found.reason == "SecretIncomplete"
    assert HIDDEN not in found.message


def test_a_secret_that_was_not_read_yet_sends_nothing() -> None:
    found = login_of(an_endpoint(), None)

    assert isinstance(found, Why)
    assert found.reason == "SecretMissing"


def test_why_a_secret_cannot_be_used_is_passed_on() -> None:
    why = Why("SecretNotLabelled", "it lacks the label")

    assert login_of(an_endpoint(), Access(None, variables={"login": why})) is why
    assert login_of(an_endpoint(), why) is why


@pytest.mark.parametrize(
    "headers",
    [
        {"X-StagingMirror-Probe": "0"},
        {"x-stagingmirror-probe": "0"},
        {"Content-Length": "1"},
        {"transfer-encoding": "chunked"},
        {"Accept-Encoding": "gzip"},
        {"X-Api-Key": HIDDEN, "x-api-key": HIDDEN},
        {"X Api": HIDDEN},
        {"": HIDDEN},
        {"X-Api-Key": f"{HIDDEN}\r\nHost: elsewhere"},
        {"X-Api-Key": f"{HIDDEN}é"},
    ],
)
def test_headers_that_cannot_be_set_are_refused_without_their_value(
    headers: dict[str, str],
) -> None:
    with pytest.raises(NeedsHuman) as refused:
        client(Login(None, tuple(headers.items())))

    assert refused.value.reason == "InvalidCredentials"
    assert HIDDEN not in refused.value.message


def test_a_token_and_a_header_that_says_another_are_refused() -> None:
    with pytest.raises(NeedsHuman, match="set already"):
        client(Login(Access(Token("t")), (("authorization", HIDDEN),)))


PROXY = {"proxyUrl": "http://proxy:3128", "url": "http://features:8080/get"}


@pytest.mark.parametrize(
    "given",
    [Login(None, (("X-Api-Key", HIDDEN),)), Login(Access(Basic("we", HIDDEN)))],
    ids=["headers", "a password"],
)
def test_a_proxy_reads_no_credentials_of_an_http_address(given: Login) -> None:
    with pytest.raises(NeedsHuman) as refused:
        client(given, **PROXY)

    assert refused.value.reason == "InvalidProxy"
    assert HIDDEN not in refused.value.message


def test_a_proxy_in_front_of_https_or_with_its_own_login_is_taken() -> None:
    client(Login(None, (("X-Api-Key", HIDDEN),)), **PROXY | {"url": "https://features/get"})
    client(Login(Access(None, Basic("we", HIDDEN))), **PROXY)
