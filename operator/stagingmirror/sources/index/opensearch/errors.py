"""Translates what an OpenSearch answers into our errors, once.

A missing snapshot, a taken name and a later version are all answered by 500, so the type of the
error and its text decide. The text is searched for signs and never shown: it may quote a document.
"""

import json
import re
from typing import NamedTuple

from stagingmirror.errors import (
    NotAllowed,
    NotAnswered,
    NotSupported,
    NotThere,
    Refused,
    StagingMirrorError,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.wire import PROXY_LOGIN

_TYPE = re.compile(r"[a-z][a-z_]{1,80}")


class _Meaning(NamedTuple):
    """``statuses``: empty for any. ``signs``: one of them is in the error."""

    statuses: frozenset[int]
    signs: tuple[str, ...]
    error: type[StagingMirrorError]
    reason: Reason
    text: str


def _by_sign(
    signs: str | tuple[str, ...],
    error: type[StagingMirrorError],
    reason: Reason,
    text: str,
    *statuses: int,
) -> _Meaning:
    signs = (signs,) if isinstance(signs, str) else signs
    return _Meaning(frozenset(statuses), signs, error, reason, text)


def _by_status(
    error: type[StagingMirrorError], reason: Reason, text: str, *statuses: int
) -> _Meaning:
    return _Meaning(frozenset(statuses), ("",), error, reason, text)


# The first that fits counts.
_MEANINGS = (
    _by_status(
        NotAllowed,
        Reason.UNAUTHORIZED,
        "our credentials were refused (401); check {field}.credentialsSecretRef",
        401,
    ),
    _by_status(NotAnswered, Reason.PROXY_REFUSED, PROXY_LOGIN, 407),
    _by_sign(
        ("No space left on device", "flood-stage", "disk usage exceeded"),
        Refused,
        Reason.STORAGE_FULL,
        "the store reports that its disk is full",
    ),
    _by_sign(
        "security_exception",
        NotAllowed,
        Reason.FORBIDDEN,
        "our account may not do this; its role needs what docs/index-stores/opensearch.md lists",
    ),
    _by_sign(
        ("snapshot_missing_exception", "snapshot does not exist"),
        NotThere,
        Reason.SNAPSHOT_GONE,
        "the repository has no such snapshot any more",
    ),
    _by_sign(
        "repository_missing_exception",
        NotThere,
        Reason.REPOSITORY_MISSING,
        "it has no snapshot repository of that name; register it there, or correct"
        " {field}.repository",
    ),
    _by_sign(
        ("same name already exists", "already exists in the cluster", "resource_already_exists"),
        Refused,
        Reason.NAME_TAKEN,
        "there is an index or an alias of that name already",
    ),
    _by_sign(
        "invalid_alias_name_exception",
        Refused,
        Reason.NOT_AN_ALIAS,
        "an index has the name of the alias",
    ),
    _by_sign(
        ("is higher than the version of", "which is higher than", "which is greater than"),
        Refused,
        Reason.LATER_VERSION,
        "the snapshot was taken by a later version than this server has; upgrade staging",
    ),
    _by_sign(
        "snapshot_restore_exception",
        Refused,
        Reason.RESTORE_FAILED,
        "it does not restore this snapshot; its log has the cause",
    ),
    _by_sign(
        "aliases_not_found_exception",
        NotThere,
        Reason.INDEX_MISSING,
        "the alias does not lead there",
        404,
    ),
    _by_sign(
        ("index_not_found_exception", "alias [", "aliases ["),
        NotThere,
        Reason.INDEX_MISSING,
        "it has no such index or alias",
        404,
    ),
    _by_sign(
        ("concurrent_snapshot_execution_exception", "snapshot_in_progress_exception"),
        NotAnswered,
        Reason.BUSY,
        "a snapshot is being taken or deleted; tried again later",
    ),
    _by_sign(
        ("es_rejected_execution", "rejected_execution_exception", "circuit_breaking_exception"),
        NotAnswered,
        Reason.THROTTLED,
        "it has too much to do and refuses more",
    ),
    _by_sign(
        ("no handler found for uri", "Incorrect HTTP method for uri"),
        NotSupported,
        Reason.NOT_SUPPORTED,
        "this server has no such call",
    ),
    _by_status(
        NotAllowed,
        Reason.FORBIDDEN,
        "our account may not do this (403); its role needs what docs/index-stores/opensearch.md"
        " lists",
        403,
    ),
    _by_status(
        NotAnswered,
        Reason.NOT_OPENSEARCH,
        "404 without an error of an OpenSearch; is {field}.url right?",
        404,
    ),
    _by_status(NotAnswered, Reason.THROTTLED, "the server is throttling us (429)", 429),
    _by_status(
        NotAnswered,
        Reason.REDIRECTED,
        "a redirect, which is not followed; set {field}.url to its end",
        *range(300, 400),
    ),
    _by_status(
        NotAnswered,
        Reason.UNAVAILABLE,
        "answered {status}; is it starting, restoring, or down behind a proxy?",
        502,
        503,
        504,
    ),
    _by_status(Refused, Reason.BAD_REQUEST, "refused with {answer}", 400, 405, 413, 422),
    _by_status(NotAnswered, Reason.SERVER_ERROR, "answered {answer}"),
)


def refusal(status: int, body: bytes, request: str, field: str) -> StagingMirrorError:
    """The error for an answer that is no success. ``request`` names server and operation."""
    kind, text = _error(body)
    for meaning in _MEANINGS:
        if meaning.statuses and status not in meaning.statuses:
            continue
        if any(sign in text for sign in meaning.signs):
            break
    answer = f"{status} {kind}".rstrip()
    said = meaning.text.format(status=status, answer=answer, field=field)
    return meaning.error(meaning.reason, f"{request}: {said}")


def _error(body: bytes) -> tuple[str, str]:
    """The type, and all text in which signs are looked for: none of an answer that is no error of
    an OpenSearch, e.g. the page of a proxy.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    error = answer.get("error") if isinstance(answer, dict) else None
    kind = error.get("type") if isinstance(error, dict) else None
    shown = kind if isinstance(kind, str) and _TYPE.fullmatch(kind) else ""
    return shown, json.dumps(error, ensure_ascii=False) if error is not None else ""
