"""What must stay hidden: seals, their key, credentials."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.facts import Why
from stagingmirror.engine.environments.credentials import (
    LABEL,
    credentials_in,
    read_credentials,
    variables_in,
)
from stagingmirror.engine.sealing import load_or_make, sealer
from stagingmirror.errors import NeedsHuman
from stagingmirror.sources.source import Access, Basic, SecretsUse, Token
from support.kubernetes.api_server import Answer, an_api_server, not_found, refused

# Seals


@given(st.text(), st.text())
def test_seals_are_equal_exactly_where_the_values_are(one: str, other: str) -> None:
    seal = sealer(b"k" * 32)

    assert (seal(("c",), one) == seal(("c",), other)) is (one == other)


def test_a_seal_depends_on_the_installation() -> None:
    assert sealer(bytes(32))((), "value") != sealer(bytes(31) + b"1")((), "value")


def test_a_key_that_is_too_short_is_none() -> None:
    with pytest.raises(ValueError, match="32"):
        sealer(b"short")


def secret(key: bytes) -> dict[str, Any]:
    data = {"key": base64.b64encode(key).decode()}
    return {"kind": "Secret", "metadata": {"name": "stagingmirror-hmac"}, "data": data}


async def test_of_two_operators_that_make_the_key_at_once_both_use_the_first() -> None:
    reads = 0

    def respond(method: str, path: str, body: Any) -> Answer:
        nonlocal reads
        if method == "POST":
            return refused(409, "AlreadyExists")
        reads += 1
        return not_found("stagingmirror-hmac") if reads == 1 else (200, secret(b"f" * 32))

    async with an_api_server(respond) as client:
        assert await load_or_make(client, "operator") == b"f" * 32


async def test_a_secret_that_holds_no_key_is_told_and_not_overwritten() -> None:
    methods = []

    def respond(method: str, path: str, body: Any) -> Answer:
        methods.append(method)
        return 200, secret(b"short")

    async with an_api_server(respond) as client:
        with pytest.raises(NeedsHuman) as caught:
            await load_or_make(client, "operator")

    assert "delete it" in caught.value.message
    assert methods == ["GET"]


# Credentials


def credentials(data: dict[str, str], label: str = "production") -> Any:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    body = {"metadata": {"labels": {LABEL: label}}, "data": encoded}
    return credentials_in(body, "production", "Secret mlflow", None)


def test_a_token_or_a_name_and_password_lets_us_in() -> None:
    assert credentials({"token": "t"}) == Access(Token("t"))
    assert credentials({"username": "u", "password": "p\n"}) == Access(Basic("u", "p"))
    assert credentials({"username": "u", "password": ""}) == Access(Basic("u", ""))


def test_a_proxy_has_credentials_of_its_own() -> None:
    proxy = {"proxyUsername": "u", "proxyPassword": "p\n"}

    assert credentials(proxy) == Access(None, Basic("u", "p"))
    assert credentials(proxy | {"token": "t"}) == Access(Token("t"), Basic("u", "p"))


@pytest.mark.parametrize(
    ("data", "label", "reason"),
    [
        ({"token": "hush"}, "staging", "SecretNotLabelled"),
        ({"username": "hush"}, "production", "SecretIncomplete"),
        ({"password": "hush"}, "production", "SecretIncomplete"),
        ({"token": ""}, "production", "SecretIncomplete"),
        ({"proxyUsername": "hush"}, "production", "SecretIncomplete"),
        ({"token": "hush", "proxyPassword": "hush"}, "production", "SecretIncomplete"),
        (
            {"username": "hush", "proxyUsername": "hush", "proxyPassword": "hush"},
            "production",
            "SecretIncomplete",
        ),
        ({}, "production", "SecretIncomplete"),
    ],
)
def test_what_is_no_credential_is_told_without_its_content(
    data: dict[str, str], label: str, reason: str
) -> None:
    why = credentials(data, label)

    assert isinstance(why, Why)
    assert why.reason == reason
    assert "hush" not in why.message


def test_bytes_that_are_no_text_are_told() -> None:
    body = {"metadata": {"labels": {LABEL: "production"}}, "data": {"token": "/w=="}}

    why = credentials_in(body, "production", "Secret mlflow", None)

    assert isinstance(why, Why)
    assert why.reason == "SecretInvalid"


# Object stores

S3 = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "hush"}


def variables(data: dict[str, str], label: str = "production") -> Any:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    body = {"metadata": {"labels": {LABEL: label}}, "data": encoded}
    return variables_in(body, "production", "Secret s3")


def test_the_variables_of_a_cloud_are_taken_and_no_others() -> None:
    assert variables(S3 | {"PGPASSWORD": "x"}) == S3
    assert variables(S3 | {"AWS_SESSION_TOKEN": "t\n"}) == S3 | {"AWS_SESSION_TOKEN": "t"}
    key = {"GOOGLE_SERVICE_ACCOUNT_KEY": '{\n  "type": "service_account"\n}'}
    assert variables(key) == key


def test_headers_of_an_endpoint_are_taken_by_their_prefix_alone() -> None:
    headers = {"header.X-Api-Key": "k", "header.Host": "features.example"}

    assert variables(headers | {"headers": "x", "X-Api-Key": "y"}) == headers


@pytest.mark.parametrize(
    ("data", "label", "reason"),
    [
        (S3, "staging", "SecretNotLabelled"),
        ({"header.X-Api-Key": "hush\r\nHost: elsewhere"}, "production", "SecretInvalid"),
        ({"header.X-Api-Key": "hüsh"}, "production", "SecretInvalid"),
        ({**S3, "AWS_SECRET_ACCESS_KEY": "hush\r\nX-Other: 1"}, "production", "SecretInvalid"),
        ({**S3, "AWS_ACCESS_KEY_ID": "hüsh"}, "production", "SecretInvalid"),
        ({"AZURE_STORAGE_SAS_TOKEN": "sig=hush\n&x"}, "production", "SecretInvalid"),
    ],
)
def test_variables_that_cannot_be_used_are_told_without_their_content(
    data: dict[str, str], label: str, reason: str
) -> None:
    why = variables(data, label)

    assert isinstance(why, Why)
    assert why.reason == reason
    assert "hush" not in why.message


async def test_of_several_secrets_each_is_read_and_one_that_is_missing_is_its_own_trouble() -> None:
    def respond(method: str, path: str, body: Any) -> Answer:
        if path.endswith("/secrets/there"):
            data = {key: base64.b64encode(text.encode()).decode() for key, text in S3.items()}
            return 200, {
                "kind": "Secret",
                "metadata": {"labels": {LABEL: "production"}},
                "data": data,
            }
        return not_found(path.rpartition("/")[2])

    async with an_api_server(respond) as client:
        found = await read_credentials(
            client, "operator", "production", SecretsUse(("gone", "there"))
        )

    assert isinstance(found, Access)
    assert found.variables["there"] == S3
    assert isinstance(gone := found.variables["gone"], Why)
    assert gone.reason == "SecretMissing"
    assert "hush" not in repr(found)
