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


def decoded(body: bytes, asked: str) -> dict[str, object]:
    """The JSON object of a good answer. ``asked`` names server and operation in the error."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise NotAnswered(
            Reason.GARBAGE, f"{asked}: the answer is no JSON object; is it an MLflow?"
        )
    return answer


def refusal(status: int, body: bytes, asked: str) -> StagingMirrorError:
    """The error for an answer that is no success. ``body`` is only looked at for MLflow's code."""
    code = _error_code(body)
    if status in (401, 403):
        return _not_allowed(status, asked)
    if status == 404 and code in _GONE:
        return NotThere(Reason.NOT_THERE, f"{asked}: there is no such thing")
    if status == 409 or code in _TAKEN:
        return Conflicted(
            Reason.ALREADY_THERE, f"{asked}: it is there already or was changed meanwhile"
        )
    if status == 507:
        return Refused(
            Reason.STORAGE_FULL, f"{asked}: the server says that its storage is full (507)"
        )
    if status in (400, 405, 413, 422):
        return Refused(Reason.BAD_REQUEST, f"{asked}: refused with {status} {code or ''}".rstrip())
    return _not_answered(status, code, asked)


def failure(error: BaseException, asked: str) -> NotAnswered:
    """The error for a call that got no whole answer. The cause's own text is left out: it may quote
    an address with credentials.
    """
    if isinstance(error, TimeoutError):
        return NotAnswered(Reason.TIMED_OUT, f"{asked}: no answer in time")
    if isinstance(error, aiohttp.ClientSSLError):
        return NotAnswered(
            Reason.CERTIFICATE_NOT_TRUSTED,
            f"{asked}: its certificate is not trusted; put its CA into mlflow.caBundle",
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return NotAnswered(
            Reason.UNREACHABLE, f"{asked}: no connection; is it running and reachable?"
        )
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError):
        return NotAnswered(
            Reason.HALF_READ, f"{asked}: the connection ended in the middle of the answer"
        )
    return NotAnswered(Reason.UNREACHABLE, f"{asked}: the call failed ({type(error).__name__})")


def _not_allowed(status: int, asked: str) -> NotAllowed:
    if status == 401:
        return NotAllowed(
            Reason.UNAUTHORIZED,
            f"{asked}: our credentials were refused (401); check mlflow.credentialsSecretRef",
        )
    return NotAllowed(
        Reason.FORBIDDEN,
        f"{asked}: our account may not do this (403); ask for the permission there",
    )


def _not_answered(status: int, code: str | None, asked: str) -> NotAnswered:
    if 300 <= status < 400:
        return NotAnswered(
            Reason.REDIRECTED,
            f"{asked}: a redirect, which is not followed; set mlflow.url to its end",
        )
    if status == 404:
        return NotAnswered(
            Reason.NOT_MLFLOW, f"{asked}: 404 without MLflow's words; is the URL right?"
        )
    if status == 429:
        return NotAnswered(Reason.THROTTLED, f"{asked}: the server asks us to slow down (429)")
    if status in (502, 503, 504):
        return NotAnswered(
            Reason.UNAVAILABLE,
            f"{asked}: answered {status}; is it starting, or down behind a proxy?",
        )
    return NotAnswered(Reason.SERVER_ERROR, f"{asked}: answered {status} {code or ''}".rstrip())


def _error_code(body: bytes) -> str | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = answer.get("error_code") if isinstance(answer, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
