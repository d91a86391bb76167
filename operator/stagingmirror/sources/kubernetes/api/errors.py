"""What an API server's answer means: translated once, here, into our own errors.

Nothing of an upstream body reaches a message but the machine-readable reason and the paths of
invalid fields: a validation message quotes values, and a value may be a secret.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from stagingmirror.errors import (
    Conflicted,
    NotAllowed,
    NotAnswered,
    NotThere,
    Refused,
    StagingMirrorError,
)
from stagingmirror.reasons import Reason

T = TypeVar("T")
NOT_ANSWERING = Reason.CLUSTER_NOT_ANSWERING
FORBIDDEN = Reason.FORBIDDEN
# How it shows that an answer is not JSON, or nested too deeply to be read.
_NO_JSON = (ValueError, RecursionError)
# How it shows that it is not JSON of the requested form.
MALFORMED = (*_NO_JSON, KeyError, TypeError, AttributeError, IndexError)
_SHOWN_FIELDS = 5
_DENIED = "an admission rule of the cluster forbids it."
# Who answers so about the thing, and not about our account. Names of objects have no capitals.
_ADMISSION = ("admission webhook", "violates PodSecurity", "ValidatingAdmissionPolicy")


class Expired(NotAnswered):
    """410: the server no longer has this resourceVersion or continue token. List again."""


class NotServed(NotAnswered):
    """404 that names no object: the API is not served, or a proxy answers. No answer about the
    object.
    """


def object_of(body: bytes, request: str) -> dict[str, Any]:
    """The decoded answer. What is no JSON object with a kind is garbage: ``NotAnswered``."""
    try:
        decoded = json.loads(body)
    except _NO_JSON:
        decoded = None
    if not isinstance(decoded, dict) or "kind" not in decoded:
        raise NotAnswered(NOT_ANSWERING, f"{request}: the answer is not Kubernetes' JSON.")
    return decoded


def items_of(
    body: bytes, request: str, shape: Callable[[dict[str, Any]], T]
) -> Iterator[tuple[dict[str, Any], T | None]]:
    """First the list's metadata (with None), then one decoded and shaped item after another.

    Decoding a page of 500 pods at once blocks the event loop for 30 ms and holds all of its dicts;
    this way the caller can pause between items, and each dict is gone before the next.
    """
    text = body.decode(errors="replace")
    head, mark, rest = text.partition('"items":[')
    if not mark:
        yield from _items_at_once(object_of(body, request), request, shape)
        return
    # ListMeta holds no free text, so the first "items" is the list's own. Lists of custom resources
    # come with sorted keys: kind and metadata are behind the items.
    tail = "]}" if '"kind":' in head else rest[rest.rfind('],"kind":') :]
    yield _list_metadata(object_of(f"{head}{mark}{tail}".encode(), request), request), None
    decoder, at = json.JSONDecoder(), 0
    try:
        while rest[at] != "]":
            item, at = decoder.raw_decode(rest, at)
            yield {}, shaped(item, request, shape)
            if rest[at] == ",":
                at += 1
    except (*_NO_JSON, IndexError) as error:
        raise NotAnswered(NOT_ANSWERING, f"{request}: the list breaks off.") from error


def _items_at_once(
    page: dict[str, Any], request: str, shape: Callable[[dict[str, Any]], T]
) -> Iterator[tuple[dict[str, Any], T | None]]:
    items = page.get("items", "missing")
    if not (items is None or isinstance(items, list)):
        raise NotAnswered(NOT_ANSWERING, f"{request}: the answer is not a list.")
    yield _list_metadata(page, request), None
    for item in items or ():
        yield {}, shaped(item, request, shape)


def version_of(metadata: dict[str, Any]) -> int:
    """The resourceVersion of an object or a list. They are numbers that grow."""
    return int(metadata["resourceVersion"])


def shaped(item: dict[str, Any], request: str, shape: Callable[[dict[str, Any]], T]) -> T:
    """What ``shape`` makes of an object; one that lacks what every such object has is garbage:
    ``NotAnswered``.
    """
    try:
        return shape(item)
    except MALFORMED as error:
        what = f"{request}: an object in the answer lacks what it must have."
        raise NotAnswered(NOT_ANSWERING, what) from error


def _list_metadata(page: dict[str, Any], request: str) -> dict[str, Any]:
    metadata = page.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise NotAnswered(NOT_ANSWERING, f"{request}: the list has no metadata.")
    return metadata


def error_of(code: int, body: bytes, request: str) -> StagingMirrorError:
    """The error for an HTTP status of 300 or more. ``request`` is method and path, which hold names
    only.
    """
    status = _status_of(body)
    reason = str(status.get("reason") or "")
    message = f"{request} was answered with {code}" + (f" {reason}" if reason else "")
    if code in (401, 403):
        return _not_allowed(code, status, message)
    if code == 404:
        return _not_there(status, message)
    if code == 409:
        return Conflicted(reason or Reason.CONFLICT, f"{message}.")
    if code == 410:
        return Expired("Expired", f"{message}.")
    if code in (400, 405, 406, 413, 415, 422):
        return _refused(status, message)
    return NotAnswered(NOT_ANSWERING, f"{message}.")


def _status_of(body: bytes) -> dict[str, Any]:
    try:
        decoded = json.loads(body)
    except _NO_JSON:
        return {}
    return decoded if isinstance(decoded, dict) and decoded.get("kind") == "Status" else {}


def _not_allowed(code: int, status: dict[str, Any], message: str) -> StagingMirrorError:
    """Admission answers 403 too, about the object: quota, a namespace that is being deleted."""
    if code == 401:
        return NotAllowed(Reason.UNAUTHORIZED, f"{message}: the credentials are not accepted.")
    if any(cause.get("reason") == Reason.NAMESPACE_TERMINATING for cause in _causes(status)):
        return Refused(Reason.NAMESPACE_TERMINATING, f"{message}: the namespace is being deleted.")
    text = _text(status)
    if "exceeded quota" in text:
        return Refused(
            Reason.QUOTA_EXCEEDED, f"{message}: a ResourceQuota of the namespace is used up."
        )
    if _is_of_admission(text):
        return Refused(Reason.ADMISSION_DENIED, f"{message}: {_DENIED}")
    return NotAllowed(FORBIDDEN, f"{message}: our account is not permitted to.")


def _refused(status: dict[str, Any], message: str) -> Refused:
    """A policy chooses the code of its refusals; 422 is what it has without a choice."""
    text = _text(status)
    if "does not support dry run" in text:
        what = f"{message}: a webhook of the cluster has no dry run."
        return Refused(Reason.DRY_RUN_NOT_SUPPORTED, what)
    if _is_of_admission(text):
        return Refused(Reason.ADMISSION_DENIED, f"{message}: {_DENIED}")
    reason = str(status.get("reason") or Reason.INVALID)
    return Refused(reason, message + _fields(status) + ".")


def _text(status: dict[str, Any]) -> str:
    return str(status.get("message") or "")


def _is_of_admission(text: str) -> bool:
    return any(words in text for words in _ADMISSION)


def _not_there(status: dict[str, Any], message: str) -> StagingMirrorError:
    """Only a 404 that names the object is about the object; the others (an API that is not served,
    a proxy) are no answer.
    """
    if (status.get("details") or {}).get("name"):
        return NotThere(Reason.NOT_FOUND, f"{message}.")
    return NotServed(
        NOT_ANSWERING, f"{message}: the server does not serve this API; is its CRD installed?"
    )


def _causes(status: dict[str, Any]) -> list[dict[str, Any]]:
    return list((status.get("details") or {}).get("causes") or ())


def _fields(status: dict[str, Any]) -> str:
    fields = [str(cause["field"]) for cause in _causes(status) if cause.get("field")]
    return f" ({', '.join(fields[:_SHOWN_FIELDS])})" if fields else ""
