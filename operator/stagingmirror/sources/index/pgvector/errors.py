"""Translates what PostgreSQL and its client raise into our errors, once.

The text of an error may hold what stands in a row: it is never shown, the SQLSTATE is.
"""

import ssl
from typing import NamedTuple

import asyncpg

from stagingmirror.errors import (
    NotAllowed,
    NotAnswered,
    NotSupported,
    NotThere,
    Refused,
    StagingMirrorError,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.tls import certificate_trouble


class _Meaning(NamedTuple):
    error: type[StagingMirrorError]
    reason: Reason
    text: str


_STARTING = _Meaning(NotAnswered, Reason.UNAVAILABLE, "it is starting, or shutting down")
_LOGIN = _Meaning(
    NotAllowed, Reason.UNAUTHORIZED, "our login was refused; check credentialsSecretRef"
)
_BROKEN = _Meaning(NotAnswered, Reason.HALF_READ, "the connection ended in the middle of it")
_BUSY = _Meaning(
    NotAnswered, Reason.BUSY, "somebody holds a lock of it, e.g. a transaction that is open"
)
_BY_STATE = {
    "28P01": _LOGIN,
    "28000": _Meaning(
        NotAllowed,
        Reason.UNAUTHORIZED,
        "it does not let this role in from here, or not with, or without, TLS; check its "
        "pg_hba.conf, and sslmode in url",
    ),
    "42501": _Meaning(
        NotAllowed,
        Reason.FORBIDDEN,
        "our role may not do this, or a policy hides rows of the table from it; GRANT it, or give "
        "the role BYPASSRLS",
    ),
    "25006": _Meaning(
        NotAllowed, Reason.FORBIDDEN, "our role, or the server, only reads; name staging's primary"
    ),
    "08P01": _Meaning(
        NotSupported,
        Reason.NOT_SUPPORTED,
        "it refuses the settings of our session, as a pooler does; let url name the server itself",
    ),
    "3D000": _Meaning(NotThere, Reason.INDEX_MISSING, "there is no such database; correct url"),
    "3F000": _Meaning(NotThere, Reason.INDEX_MISSING, "there is no such schema"),
    "42P01": _Meaning(NotThere, Reason.INDEX_MISSING, "there is no such table or view"),
    "53100": _Meaning(Refused, Reason.STORAGE_FULL, "its disk is full; make room"),
    "53300": _Meaning(NotAnswered, Reason.THROTTLED, "it has no connection left"),
    "55P03": _BUSY,
    "40001": _BUSY,
    "40P01": _BUSY,
    "57014": _Meaning(NotAnswered, Reason.TIMED_OUT, "it took too long, and was given up"),
    "57P01": _STARTING,
    "57P02": _STARTING,
    "57P03": _STARTING,
    "42P07": _Meaning(Refused, Reason.NAME_TAKEN, "the name is taken"),
    "42P16": _Meaning(
        Refused,
        Reason.COLUMNS_DIFFER,
        "the table has other columns or dimensions than the view of the alias shows; make the view "
        "anew by hand",
    ),
    "2BP01": _Meaning(Refused, Reason.INDEX_SERVED, "a view shows it, so it is not removed"),
    "XX001": _Meaning(Refused, Reason.INDEX_DAMAGED, "the table is damaged"),
    "XX002": _Meaning(Refused, Reason.INDEX_DAMAGED, "an index of it is damaged"),
}
# The first two characters of a state.
_BY_CLASS = {
    "08": _BROKEN,
    "0A": _Meaning(NotSupported, Reason.NOT_SUPPORTED, "this release of PostgreSQL cannot do it"),
    "22": _Meaning(Refused, Reason.INDEX_DAMAGED, "a value does not fit into its column"),
    "23": _Meaning(Refused, Reason.INDEX_DAMAGED, "a row breaks a rule of its table"),
    "53": _Meaning(NotAnswered, Reason.THROTTLED, "it has no resources left"),
    "57": _STARTING,
}
_OTHERS: tuple[tuple[type[BaseException], _Meaning], ...] = (
    (ssl.SSLError, _Meaning(NotAnswered, Reason.TLS_FAILED, "no TLS session with it")),
    (TimeoutError, _Meaning(NotAnswered, Reason.TIMED_OUT, "no answer in time")),
    (ConnectionRefusedError, _Meaning(NotAnswered, Reason.UNREACHABLE, "no connection")),
    (ConnectionError, _BROKEN),
    (OSError, _Meaning(NotAnswered, Reason.UNREACHABLE, "no connection")),
)
_NO_TLS = _Meaning(
    NotAnswered,
    Reason.TLS_FAILED,
    "it refused TLS; turn ssl on there, or write ?sslmode=disable in url, and the password is sent "
    "in plain text",
)
_NO_POSTGRES = _Meaning(
    NotAnswered, Reason.GARBAGE, "what answers there does not speak PostgreSQL's protocol"
)
_ANY_OTHER = _Meaning(NotAnswered, Reason.SERVER_ERROR, "the call failed")
# All that a call may raise.
RAISED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


def translated(error: BaseException, request: str) -> StagingMirrorError:
    """``request`` names the server and what was wanted."""
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate:
        state: str = error.sqlstate
        found = _BY_STATE.get(state) or _BY_CLASS.get(state[:2]) or _ANY_OTHER
        return found.error(found.reason, f"{request}: {found.text} (SQLSTATE {state[:5]})")
    if isinstance(error, ssl.SSLCertVerificationError):
        text = certificate_trouble(error, "caBundle", "url")
        return NotAnswered(Reason.CERTIFICATE_NOT_TRUSTED, f"{request}: {text}")
    if type(error) is ConnectionError:  # as the client reports that TLS was refused
        return _NO_TLS.error(_NO_TLS.reason, f"{request}: {_NO_TLS.text}")
    for kind, meaning in _OTHERS:
        if isinstance(error, kind):
            return meaning.error(meaning.reason, f"{request}: {meaning.text}")
    found = _BROKEN if "connection" in type(error).__name__.lower() else _NO_POSTGRES
    if isinstance(error, asyncpg.InterfaceError):
        found = _ANY_OTHER
    return found.error(found.reason, f"{request}: {found.text}")
