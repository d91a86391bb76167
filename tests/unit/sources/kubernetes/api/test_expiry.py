"""Until when a token is good, where it says so; what is no such token says nothing."""

import base64
import json

import pytest

from stagingmirror.sources.kubernetes.api.expiry import LIMIT, Expiry, expiry_of


def jwt(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def test_a_token_that_says_when_it_expires_is_read() -> None:
    assert expiry_of(jwt({"exp": 1800000000, "iat": 1700000000})) == Expiry(1.8e9, 1.7e9)
    assert expiry_of(jwt({"exp": 1800000000.5})) == Expiry(1800000000.5, None)


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b",
        "a.b.c",
        "a.§.c",
        jwt([]),
        jwt({}),
        jwt({"exp": None}),
        jwt({"exp": "1800000000"}),
        jwt({"exp": True}),
        jwt({"exp": -1}),
        jwt({"exp": 1e300}),
        jwt({"exp": 10**400}),
        "e30." + base64.urlsafe_b64encode(b"[" * 9000).decode() + ".x",
        "e30." + base64.urlsafe_b64encode(b'{"exp": NaN}').decode() + ".x",
        jwt({"exp": 1800000000, "x": "x" * LIMIT}),
    ],
    ids=range(15),
)
def test_what_says_nothing_of_it_is_no_expiry(token: str) -> None:
    assert expiry_of(token) is None
