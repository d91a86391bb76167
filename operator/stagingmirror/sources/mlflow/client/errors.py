"""Translates what can go wrong with a call into our errors, once.

The texts hold the server's host, the operation, a status and MLflow's error code; never a body, a
header, a query or a credential.
"""

import json
import re

import aiohttp

from stagingmirror.errors import (
    Conflicted,
    NotAllowed,
    NotAnswered,
    NotThere,
    Refused,
    StagingMirrorError,
)
from stagingmirror.reasons import Reason

_CODE = re.compile(r"[A-Z][A-Z_]{1,63}")
_GONE = frozenset({"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"})
_TAKEN = frozenset({"RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS", "RESOURCE_CONFLICT"})


def decoded(body: bytes, request: str) -> dict[str, object]:
    """The JSON object of a good answer. ``request`` names server and operation in the error."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise NotAnswered(
            Reason.GARBAGE, f"{request}: the answer is no JSON object; is it an MLflow?"
        )
    return answer


def refusal(status: int, body: bytes, request: str) -> StagingMirrorError:
    """The error for an answer that is no success. ``body`` is only read for MLflow's code."""
    code = _error_code(body)
    if status in (401, 403):
        return _not_allowed(status, request)
    if status == 404 and code in _GONE:
        return NotThere(Reason.NOT_THERE, f"{request}: there is no such thing")
    if status == 409 or code in _TAKEN:
        return Conflicted(
            Reason.ALREADY_THERE, f"{request}: it is there already or was changed meanwhile"
        )
    if status == 507:
        return Refused(
            Reason.STORAGE_FULL, f"{request}: the server reports that its storage is full (507)"
        )
    if status in (400, 405, 413, 422):
        return Refused(
            Reason.BAD_REQUEST, f"{request}: refused with {status} {code or ''}".rstrip()
        )
    return _not_answered(status, code, request)


def failure(error: BaseException, request: str) -> NotAnswered:
    """The error for a call that got no whole answer. The cause's own text is left out: it may quote
    an address with credentials.
    """
    if isinstance(error, TimeoutError):
        return NotAnswered(Reason.TIMED_OUT, f"{request}: no answer in time")
    if isinstance(error, aiohttp.ClientSSLError):
        return NotAnswered(
            Reason.CERTIFICATE_NOT_TRUSTED,
            f"{request}: its certificate is not trusted; put its CA into mlflow.caBundle",
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return NotAnswered(
            Reason.UNREACHABLE, f"{request}: no connection; is it running and reachable?"
        )
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return NotAnswered(
            Reason.HALF_READ, f"{request}: the connection ended in the middle of the answer"
        )
    return NotAnswered(Reason.UNREACHABLE, f"{request}: the call failed ({type(error).__name__})")


def _not_allowed(status: int, request: str) -> NotAllowed:
    if status == 401:
        return NotAllowed(
            Reason.UNAUTHORIZED,
            f"{request}: our credentials were refused (401); check mlflow.credentialsSecretRef",
        )
    return NotAllowed(
        Reason.FORBIDDEN,
        f"{request}: our account may not do this (403); request the permission there",
    )


def _not_answered(status: int, code: str | None, request: str) -> NotAnswered:
    if 300 <= status < 400:
        return NotAnswered(
            Reason.REDIRECTED,
            f"{request}: a redirect, which is not followed; set mlflow.url to its end",
        )
    if status == 404:
        return NotAnswered(
            Reason.NOT_MLFLOW, f"{request}: 404 without an MLflow error; is the URL right?"
        )
    if status == 429:
        return NotAnswered(Reason.THROTTLED, f"{request}: the server is throttling us (429)")
    if status in (502, 503, 504):
        return NotAnswered(
            Reason.UNAVAILABLE,
            f"{request}: answered {status}; is it starting, or down behind a proxy?",
        )
    return NotAnswered(Reason.SERVER_ERROR, f"{request}: answered {status} {code or ''}".rstrip())


def _error_code(body: bytes) -> str | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = answer.get("error_code") if isinstance(answer, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
