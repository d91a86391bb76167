"""What AWS STS is asked for a role, and what its answers mean. Pure.

Source: docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, ParseError, fromstring

from stagingmirror.api.spec.environment.assumed_role import AssumedRole
from stagingmirror.api.spec.environment.object_store import ObjectStore, place_of
from stagingmirror.errors import (
    NotAllowed,
    NotAnswered,
    NotSupported,
    Refused,
    StagingMirrorError,
)
from stagingmirror.reasons import Reason

# Seconds that credentials last: the longest for a role that was assumed by a role.
_LASTS = 3600
_READ, _WRITE = ("s3:GetObject",), ("s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject")


class Credentials(NamedTuple):
    key: str
    secret: str
    token: str
    until: datetime


def form_of(store: ObjectStore, role: AssumedRole, *, writes: bool) -> bytes:
    """The body of the request."""
    form = {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": role.arn,
        "RoleSessionName": "stagingmirror",
        "DurationSeconds": str(_LASTS),
        "Policy": json.dumps(policy_of(store, role, writes=writes), separators=(",", ":")),
    }
    return urlencode(form | ({"ExternalId": role.external_id} if role.external_id else {})).encode()


def policy_of(store: ObjectStore, role: AssumedRole, *, writes: bool) -> Mapping[str, object]:
    """The most that the session may do, whatever the role may: within the store's place."""
    place, partition = place_of(store), role.arn.split(":")[1]
    bucket = f"arn:{partition}:s3:::{place.bucket}"
    listing: dict[str, object] = {
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": [bucket],
    }
    if place.path:
        listing["Condition"] = {"StringLike": {"s3:prefix": [f"{place.path}/*"]}}
    below = f"{bucket}/{place.path}/*" if place.path else f"{bucket}/*"
    actions = [*_READ, *(_WRITE if writes else ())]
    objects = {"Effect": "Allow", "Action": actions, "Resource": [below]}
    return {"Version": "2012-10-17", "Statement": [listing, objects]}


_UNAUTHORIZED = (
    NotAllowed,
    Reason.UNAUTHORIZED,
    "our credentials were refused; check credentialsSecretRef of the store",
)
# Not NotThere: it is no answer about a bucket or an object.
_MISSING = Refused, Reason.ROLE_MISSING, "there is no such role; correct assumeRole.arn"
_REFUSED = Refused, Reason.BAD_REQUEST, "refused with {code}; correct assumeRole"
_NO_STS = (
    NotSupported,
    Reason.NOT_SUPPORTED,
    "it has no AssumeRole; remove assumeRole, or correct its endpoint",
)
_BY_CODE: Mapping[str, tuple[type[StagingMirrorError], Reason, str]] = {
    # AWS answers so too where there is no such role, so that nobody can find out.
    "AccessDenied": (
        NotAllowed,
        Reason.FORBIDDEN,
        "our account may not assume the role, or there is none: let its trust policy name our "
        "account and externalId, and our account have sts:AssumeRole",
    ),
    **dict.fromkeys(
        (
            *("InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"),
            *("ExpiredTokenException", "MissingAuthenticationToken", "InvalidAccessKeyId"),
        ),
        _UNAUTHORIZED,
    ),
    **dict.fromkeys(("NoSuchEntity", "NoSuchRole"), _MISSING),
    **dict.fromkeys(("InvalidAction", "NotImplemented", "MethodNotAllowed", "404", "405"), _NO_STS),
    **dict.fromkeys(
        ("Throttling", "ThrottlingException", "RequestLimitExceeded", "429", "SlowDown"),
        (NotAnswered, Reason.THROTTLED, "it is throttling us"),
    ),
    "401": _UNAUTHORIZED,
}
_CODE = re.compile(r"[A-Za-z0-9.]{1,64}")


def credentials_in(status: int, body: bytes, request: str) -> Credentials:
    """Raises what another answer than credentials means; ``request`` names server and role."""
    root = _parsed(body)
    if status != 200 or root is None:
        raise _failed(status, root, request)
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    found = [(root.findtext(f".//{{*}}Credentials/{{*}}{name}") or "").strip() for name in names]
    try:
        until = datetime.fromisoformat(found[3])
    except ValueError:
        until = None
    if not all(found) or until is None or until.tzinfo is None:
        raise NotAnswered(Reason.GARBAGE, f"{request}: the answer holds no credentials; is it STS?")
    return Credentials(found[0], found[1], found[2], until)


def _failed(status: int, root: Element | None, request: str) -> StagingMirrorError:
    code = (root.findtext(".//{*}Error/{*}Code") if root is not None else None) or ""
    code = code.strip() if _CODE.fullmatch(code.strip()) else ""
    known = _BY_CODE.get(code) or _BY_CODE.get(str(status))
    if known is None and status >= 500:
        known = NotAnswered, Reason.UNAVAILABLE, f"answered {status}; is it down behind a proxy?"
    if known is None:
        is_sts = code and 400 <= status < 500
        known = _REFUSED if is_sts else (NotAnswered, Reason.GARBAGE, "no answer of an STS")
    kind, reason, text = known
    return kind(reason, f"{request}: {text.format(code=code)}")


def _parsed(body: bytes) -> Element | None:
    try:
        # Of few bytes; and expat itself refuses entities that grow.
        return fromstring(body)  # noqa: S314
    except ParseError:
        return None
