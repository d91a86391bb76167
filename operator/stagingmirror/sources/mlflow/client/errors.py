"""Translates what can go wrong with a call into our errors, once.

The texts hold the server's host, the operation, a status and MLflow's error code; never a body, a
header, a query or a credential.
"""

import json
import re
from collections.abc import Mapping

from stagingmirror.errors import (
    Conflicted,
    NotAllowed,
    NotAnswered,
    NotSupported,
    NotThere,
    Refused,
    StagingMirrorError,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.wire import PROXY_LOGIN

_CODE = re.compile(r"[A-Z][A-Z_]{1,63}")
_NO_ENDPOINT = "ENDPOINT_NOT_FOUND"
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


# What a status means where MLflow's code does not decide it.
_BY_STATUS: Mapping[int, tuple[type[StagingMirrorError], Reason, str]] = {
    401: (
        NotAllowed,
        Reason.UNAUTHORIZED,
        "our credentials were refused (401); check mlflow.credentialsSecretRef",
    ),
    403: (
        NotAllowed,
        Reason.FORBIDDEN,
        "our account may not do this (403); request the permission there",
    ),
    404: (NotAnswered, Reason.NOT_MLFLOW, "404 without an MLflow error; is the URL right?"),
    407: (NotAnswered, Reason.PROXY_REFUSED, PROXY_LOGIN.format(field="mlflow")),
    429: (NotAnswered, Reason.THROTTLED, "the server is throttling us (429)"),
    507: (Refused, Reason.STORAGE_FULL, "the server reports that its storage is full (507)"),
    **dict.fromkeys((400, 405, 413, 422), (Refused, Reason.BAD_REQUEST, "refused with {answer}")),
    **dict.fromkeys(
        range(300, 400),
        (
            NotAnswered,
            Reason.REDIRECTED,
            "a redirect, which is not followed; set mlflow.url to its end",
        ),
    ),
    **dict.fromkeys(
        (502, 503, 504),
        (
            NotAnswered,
            Reason.UNAVAILABLE,
            "answered {status}; is it starting, or down behind a proxy?",
        ),
    ),
}
# What decides before status and code do: settings of the server that its error names.
_BY_SETTING: tuple[tuple[int, bytes, type[StagingMirrorError], Reason, str], ...] = (
    (
        403,
        b"Invalid Host header",
        NotAnswered,
        Reason.HOST_NOT_ALLOWED,
        "it refuses requests for the host name in mlflow.url (403); start it with --allowed-hosts "
        "that lists this name",
    ),
    (
        503,
        b"--no-serve-artifacts",
        NotSupported,
        Reason.NOT_SUPPORTED,
        "it runs with --no-serve-artifacts; files are read and written through it, so start it "
        "without",
    ),
    (
        500,
        b"FEATURE_DISABLED",
        NotSupported,
        Reason.NO_WORKSPACES,
        "it has no workspaces; remove mlflow.workspace, or start it with --enable-workspaces",
    ),
)
_UNSUPPORTED = (
    NotSupported,
    Reason.NOT_SUPPORTED,
    "this MLflow has no such call ({status}); it is older than 3.0, or a proxy hides the call",
)
_ANY_OTHER = (NotAnswered, Reason.SERVER_ERROR, "answered {answer}")


def refusal(status: int, body: bytes, request: str, *, is_mlflow: bool) -> StagingMirrorError:
    """The error for an answer that is no success. ``body`` is only read for MLflow's code, and for
    settings of the server. ``is_mlflow``: it has answered other calls as an MLflow does.
    """
    for expected, mark, error, reason, text in _BY_SETTING:
        if status == expected and mark in body:
            return error(reason, f"{request}: {text}")
    code = _error_code(body)
    if status == 404 and code in _GONE:
        return NotThere(Reason.NOT_THERE, f"{request}: there is no such thing")
    if status == 409 or (code in _TAKEN and status not in (401, 403)):
        return Conflicted(
            Reason.ALREADY_THERE, f"{request}: it is there already or was changed meanwhile"
        )
    error, reason, text = _BY_STATUS.get(status, _ANY_OTHER)
    if status == 501 or (status == 404 and (is_mlflow or code == _NO_ENDPOINT)):
        error, reason, text = _UNSUPPORTED
    answer = f"{status} {code or ''}".rstrip()
    return error(reason, f"{request}: {text.format(status=status, answer=answer)}")


def _error_code(body: bytes) -> str | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    code = answer.get("error_code") if isinstance(answer, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
