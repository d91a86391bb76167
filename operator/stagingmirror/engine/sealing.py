"""Values that may not be shown are compared by HMAC with a key of the installation.

With a key, a short value cannot be found by trying all of them. A seal is bound to a scope, so that
one that somebody learns tells nothing about another place. Both sides of one comparison have the
same scope: equal values must have equal seals.

The installation's key for seals: a Secret of the operator's namespace, made when it is missing.

It outlives the operator, so that a restart compares with the seals that are in statuses. Its bytes
are never logged.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from stagingmirror.drift.facts import SEAL
from stagingmirror.errors import Conflicted, NeedsHuman, NotThere
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.client import KubernetesClient

KEY_BYTES = 32
# Hex digits of a seal: 128 bits, so that two values never share one by chance.
SHOWN = 32


# The seal of a value within a scope.
Seal = Callable[[tuple[str, ...], str], str]


def sealer(key: bytes) -> Seal:
    """What seals values with this key. Raises ValueError for a key that is too short to be one."""
    if len(key) < KEY_BYTES:
        raise ValueError(f"the key has {len(key)} bytes instead of {KEY_BYTES}")

    def seal(scope: tuple[str, ...], value: str) -> str:
        # As JSON: no two lists of texts have one form.
        content = json.dumps([*scope, value]).encode()
        return SEAL + hmac.new(key, content, hashlib.sha256).hexdigest()[:SHOWN]

    return seal


SECRET = "stagingmirror-hmac"  # noqa: S105 - a Secret's name, not a secret
ENTRY = "key"


async def load_or_make(client: KubernetesClient, namespace: str) -> bytes:
    """The key. Where two operators make it at once, both use the one that was first.

    Raises NeedsHuman (InvalidSealingKey) for a Secret that holds no key, and the client's errors.
    """
    where = f"/api/v1/namespaces/{namespace}/secrets"
    try:
        return _key_in(await client.request("GET", f"{where}/{SECRET}"))
    except NotThere:
        pass
    try:
        return _key_in(
            await client.request(
                "POST", where, body=_secret(namespace, secrets.token_bytes(KEY_BYTES))
            )
        )
    except Conflicted:
        return _key_in(await client.request("GET", f"{where}/{SECRET}"))


def _secret(namespace: str, key: bytes) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET, "namespace": namespace},
        "type": "Opaque",
        "data": {ENTRY: base64.b64encode(key).decode()},
    }


def _key_in(body: Mapping[str, Any]) -> bytes:
    encoded = (body.get("data") or {}).get(ENTRY) or ""
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if len(key) < KEY_BYTES:
        raise NeedsHuman(
            Reason.INVALID_SEALING_KEY,
            f"Secret {SECRET} holds no key of {KEY_BYTES} bytes under {ENTRY}; delete it, and the "
            "operator makes a new one.",
        )
    return key
