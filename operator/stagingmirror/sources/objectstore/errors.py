"""Translates what can go wrong with a call into our errors, once.

obstore has one class for most of it, and the rest in a text: that of the answer, or of the HTTP
client. It is searched for what it is about, and never shown: it may hold anything.
"""

from typing import NamedTuple

from obstore import exceptions

from stagingmirror.errors import (
    NotAllowed,
    NotAnswered,
    NotThere,
    Refused,
    StagingMirrorError,
)
from stagingmirror.reasons import Reason

# Characters of a text that are searched.
_SEARCHED = 64 * 1024


class _Meaning(NamedTuple):
    signs: tuple[str, ...]
    error: type[StagingMirrorError]
    reason: Reason
    text: str


_UNAUTHORIZED = _Meaning(
    (
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "TokenRefreshRequired",
        # Of Google and Azure.
        "AuthenticationRequired",
        "AuthenticationFailed",
        "status: 401",
    ),
    NotAllowed,
    Reason.UNAUTHORIZED,
    "our credentials were refused; check credentialsSecretRef of the store",
)
_FORBIDDEN = _Meaning(
    (
        "AccessDenied",
        "AllAccessDisabled",
        "AuthorizationPermissionMismatch",
        "AuthorizationFailure",
    ),
    NotAllowed,
    Reason.FORBIDDEN,
    "our account may not do this (403); it needs to list and read (s3:ListBucket, s3:GetObject), "
    "and to write (s3:PutObject) where copies are made",
)
_NO_IDENTITY = _Meaning(
    ("169.254.169.254", "169.254.170.", "AssumeRoleWithWebIdentity", "token request"),
    NotAllowed,
    Reason.UNAUTHORIZED,
    "no identity: the store names no Secret, and the cloud gives none to the operator's pod; set "
    "credentialsSecretRef, or anonymous",
)
_TIMED_OUT = _Meaning(
    ("kind: Timeout", "timed out"), NotAnswered, Reason.TIMED_OUT, "no answer in time"
)
# The first that fits counts.
_BY_SIGN = (
    _Meaning(
        ("NoSuchBucket", "ContainerNotFound"),
        NotThere,
        Reason.BUCKET_MISSING,
        "there is no such bucket; correct url, or endpoint",
    ),
    _UNAUTHORIZED,
    _Meaning(
        ("RequestTimeTooSkewed",),
        NotAllowed,
        Reason.UNAUTHORIZED,
        "its clock and the operator's differ by too much; compare them",
    ),
    _NO_IDENTITY,
    _FORBIDDEN,
    _Meaning(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "BareRedirect"),
        Refused,
        Reason.BAD_REQUEST,
        "the bucket is in another region; correct region of the store",
    ),
    _Meaning(
        ("XMinioStorageFull", "<Code>QuotaExceeded", "InsufficientCapacity", "status: 507"),
        Refused,
        Reason.STORAGE_FULL,
        "it has no room left, or a quota is reached; make room, or raise it",
    ),
    _Meaning(
        ("NoSuchUpload",),
        NotAnswered,
        Reason.HALF_READ,
        "somebody ended the upload while its parts were sent; it is begun again",
    ),
    # S3 has SlowDown as 503, and the body of such an answer is not in the text.
    _Meaning(
        ("SlowDown", "status: 429", "status: 503"),
        NotAnswered,
        Reason.THROTTLED,
        "answered 503 or 429: it is throttling us, or down",
    ),
    _Meaning(
        ("UnknownIssuer", "InvalidCertificate", "invalid peer certificate"),
        NotAnswered,
        Reason.CERTIFICATE_NOT_TRUSTED,
        "its certificate is not trusted; put the CA that signed it into caBundle of the store",
    ),
    _Meaning(
        ("status: 502", "status: 504"),
        NotAnswered,
        Reason.UNAVAILABLE,
        "answered 502 or 504; is it starting, or down behind a proxy?",
    ),
    _TIMED_OUT,
    _Meaning(
        (
            *("kind: Interrupted", "kind: Decode", "IncompleteMessage", "UnexpectedEof"),
            # The rest is requested after a body that ended early.
            *("NoContentRange", "NotPartial", "UnexpectedRange"),
        ),
        NotAnswered,
        Reason.HALF_READ,
        "the connection ended in the middle of the answer",
    ),
    _Meaning(
        ("kind: Connect", "dns error"),
        NotAnswered,
        Reason.UNREACHABLE,
        "no connection; is it running and reachable?",
    ),
)
_BY_CLASS: tuple[tuple[type[Exception], _Meaning], ...] = (
    (
        exceptions.InvalidPathError,
        _Meaning(
            (),
            Refused,
            Reason.GARBAGE,
            "a name there cannot be read: it has an empty part, a part '.' or '..', or a "
            "control character; rename that object",
        ),
    ),
    (TimeoutError, _TIMED_OUT),
    (exceptions.PermissionDeniedError, _FORBIDDEN),
    (exceptions.UnauthenticatedError, _UNAUTHORIZED),
    (
        FileNotFoundError,
        _Meaning((), NotThere, Reason.NOT_THERE, "there is no such object"),
    ),
)
_ANY_OTHER = _Meaning((), NotAnswered, Reason.SERVER_ERROR, "the call failed")


def translated(error: BaseException, request: str) -> StagingMirrorError:
    """``request`` names the store and the operation in the error."""
    if isinstance(error, StagingMirrorError):
        return error
    text = str(error)[:_SEARCHED]
    found = next((each for each in _BY_SIGN if any(sign in text for sign in each.signs)), None)
    found = found or next((each for kind, each in _BY_CLASS if isinstance(error, kind)), _ANY_OTHER)
    return found.error(found.reason, f"{request}: {found.text}")
