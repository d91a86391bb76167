"""How to be let in to an environment's systems: Secrets, read by name.

The Secret lives in the operator's own namespace and carries a label with the environment's name, so
that no environment can use a Secret that was not meant for it.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from stagingmirror.api.types.base import GROUP
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAllowed, NotThere
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.source import (
    Access,
    Basic,
    Credentials,
    SecretsUse,
    SecretUse,
    Token,
)

LABEL = f"{GROUP}/environment"
_KEYS = ("username", "password", "token", "proxyUsername", "proxyPassword")
# Of object stores, index stores and endpoints; each knows which of them it needs.
_VARIABLES = (
    *_KEYS,
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
)
# Keys that begin so are headers of an endpoint.
_HEADER = "header."
# A document of several lines.
_LINES = "GOOGLE_SERVICE_ACCOUNT_KEY"
_WANTED = (
    "must hold token, or username and password; for a proxy also, or only, proxyUsername and"
    " proxyPassword"
)


async def read_credentials(
    client: KubernetesClient, namespace: str, name: str, secret: SecretUse | SecretsUse
) -> Access | Why:
    """What the Secret holds for the environment ``name``, or why that cannot be used.

    ``namespace`` is the operator's own. Errors: NotAnswered, where what was known goes on counting.
    """
    if isinstance(secret, SecretsUse):
        found = dict[str, Mapping[str, str] | Why]()
        for each in secret.names:
            body, which = await _body(client, namespace, each)
            found[each] = body if isinstance(body, Why) else variables_in(body, name, which)
        return Access(None, variables=found)
    body, which = await _body(client, namespace, secret.name)
    return body if isinstance(body, Why) else credentials_in(body, name, which, secret.key)


async def _body(
    client: KubernetesClient, namespace: str, secret: str
) -> tuple[Mapping[str, Any] | Why, str]:
    """A Secret, or why it cannot be read; and what it is called in messages."""
    which = f"Secret {secret} of namespace {namespace}"
    try:
        body = await client.request("GET", f"/api/v1/namespaces/{namespace}/secrets/{secret}")
    except NotThere:
        missing = f"{which} does not exist; create it, with the label {LABEL}."
        return Why(Reason.SECRET_MISSING, missing), which
    except NotAllowed:
        forbidden = f"the operator may not read {which}; see the chart's values."
        return Why(Reason.SECRET_FORBIDDEN, forbidden), which
    return body, which


def credentials_in(
    body: Mapping[str, Any], environment: str, which: str, key: str | None
) -> Access | Why:
    """What a Secret's body holds for this environment, in one key or as a login. Nothing of it is
    in the Why.
    """
    if (why := _not_labelled(body, environment, which)) is not None:
        return why
    data = body.get("data") or {}
    try:
        if key is not None:
            return _document(data, key, which)
        texts = {each: _text(data[each]) for each in _KEYS if each in data}
    except (binascii.Error, UnicodeDecodeError):
        return Why(Reason.SECRET_INVALID, f"{which} holds text that is not UTF-8; write it again.")
    found = Access(_server(texts), _pair(texts, "proxyUsername", "proxyPassword"))
    if _is_half(texts) or found.is_empty:
        return Why(Reason.SECRET_INCOMPLETE, f"{which} {_WANTED}.")
    return found


def variables_in(body: Mapping[str, Any], environment: str, which: str) -> Mapping[str, str] | Why:
    """The variables of a cloud in a Secret's body. Nothing of it is in the Why."""
    if (why := _not_labelled(body, environment, which)) is not None:
        return why
    data = body.get("data") or {}
    try:
        found = {
            each: _text(text)
            for each, text in data.items()
            if each in _VARIABLES or each.startswith(_HEADER)
        }
    except (binascii.Error, UnicodeDecodeError):
        return Why(Reason.SECRET_INVALID, f"{which} holds text that is not UTF-8; write it again.")
    if unusable := [
        key
        for key, text in found.items()
        if not text.isascii() or not (text.isprintable() or key == _LINES)
    ]:
        return Why(
            Reason.SECRET_INVALID,
            f"{which}: {unusable[0]} has characters that no such key has, e.g. a line end; write "
            "it again.",
        )
    return found


def _not_labelled(body: Mapping[str, Any], environment: str, which: str) -> Why | None:
    labels = body["metadata"].get("labels") or {}
    if labels.get(LABEL) == environment:
        return None
    return Why(
        Reason.SECRET_NOT_LABELLED, f"{which} lacks the label {LABEL}: {environment}; add it."
    )


def _document(data: Mapping[str, Any], key: str, which: str) -> Access | Why:
    if not data.get(key):
        return Why(
            Reason.SECRET_INCOMPLETE, f"{which} has no key {key}, or nothing in it; write it there."
        )
    return Access(None, document=_text(data[key]))


def _server(texts: Mapping[str, str]) -> Credentials | None:
    if texts.get("token"):
        return Token(texts["token"])
    return _pair(texts, "username", "password")


def _pair(texts: Mapping[str, str], username: str, password: str) -> Basic | None:
    if texts.get(username) and password in texts:
        return Basic(texts[username], texts[password])
    return None


def _is_half(texts: Mapping[str, str]) -> bool:
    """Something was meant to be there, and part of it is not: nothing is sent without it."""
    meant_server = {"token", "username", "password"} & texts.keys()
    meant_proxy = {"proxyUsername", "proxyPassword"} & texts.keys()
    return bool(
        (meant_server and _server(texts) is None)
        or (meant_proxy and _pair(texts, "proxyUsername", "proxyPassword") is None)
    )


def _text(encoded: str) -> str:
    return base64.b64decode(encoded, validate=True).decode().rstrip("\r\n")
