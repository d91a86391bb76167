"""The client of one Qdrant, and what its refusals mean.

Which error it is is decided by the status alone: the text of a refusal may quote a point, and is
never shown.
"""

from typing import ClassVar, NamedTuple

from stagingmirror.errors import (
    NotAllowed,
    NotAnswered,
    NotSupported,
    NotThere,
    Refused,
    StagingMirrorError,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.http_store import HttpStore
from stagingmirror.sources.wire import PROXY_LOGIN


class _Meaning(NamedTuple):
    error: type[StagingMirrorError]
    reason: Reason
    text: str


_DOWN = _Meaning(
    NotAnswered, Reason.UNAVAILABLE, "answered {status}; is it starting, or down behind a proxy?"
)
_BY_STATUS = {
    400: _Meaning(Refused, Reason.BAD_REQUEST, "refused with 400"),
    401: _Meaning(
        NotAllowed,
        Reason.UNAUTHORIZED,
        "our credentials were refused (401); check token in {field}.credentialsSecretRef",
    ),
    403: _Meaning(
        NotAllowed,
        Reason.FORBIDDEN,
        "our token may not read this (403); it needs what docs/index-stores/qdrant.md lists",
    ),
    404: _Meaning(NotThere, Reason.INDEX_MISSING, "it has no such collection"),
    405: _Meaning(NotSupported, Reason.NOT_SUPPORTED, "this server has no such call"),
    407: _Meaning(NotAnswered, Reason.PROXY_REFUSED, PROXY_LOGIN),
    429: _Meaning(NotAnswered, Reason.THROTTLED, "the server is throttling us (429)"),
    502: _DOWN,
    503: _DOWN,
    504: _DOWN,
}
_REDIRECTED = _Meaning(
    NotAnswered, Reason.REDIRECTED, "a redirect, which is not followed; set {field}.url to its end"
)
_OTHER = _Meaning(NotAnswered, Reason.SERVER_ERROR, "answered {status}")


class QdrantServer(HttpStore):
    product: ClassVar[str] = "a Qdrant"

    def refusal(self, status: int, body: bytes, request: str) -> StagingMirrorError:
        """A 404 without the body of an error of Qdrant is of something else at that address."""
        meaning = _BY_STATUS.get(status, _REDIRECTED if 300 <= status < 400 else _OTHER)
        if status == 404 and b'"status"' not in body:
            meaning = _Meaning(
                NotAnswered,
                Reason.GARBAGE,
                "404 without an error of a Qdrant; is {field}.url right?",
            )
        text = meaning.text.format(status=status, field=self.field)
        return meaning.error(meaning.reason, f"{request}: {text}")
