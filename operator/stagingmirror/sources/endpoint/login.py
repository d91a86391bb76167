"""How an endpoint lets us in: what its Secret must hold, and which headers it may name."""

from collections.abc import Mapping
from typing import NamedTuple

from stagingmirror.api.spec.environment.endpoint import Endpoint
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.sources.source import Access, Basic, Token

# Keys of a Secret that begin so are headers.
HEADER = "header."
# Says that nobody wants the answer but to compare it.
PROBE = "X-StagingMirror-Probe"
# What says how the body is sent; whoever sets these sends something else than what is compared.
_OURS = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-encoding", "content-length"),
        *("content-type", "expect", "te", "trailer", "transfer-encoding", "upgrade"),
        PROBE.casefold(),
    }
)


class Login(NamedTuple):
    """``headers``: pairs of name and text."""

    access: Access | None = None
    headers: tuple[tuple[str, str], ...] = ()


def login_of(endpoint: Endpoint, access: Access | Why | None) -> Login | Why:
    """How the endpoint lets us in; Why: its Secret does not say."""
    if endpoint.credentials_secret_ref is None:
        return Login()
    if isinstance(access, Why):
        return access
    name = endpoint.credentials_secret_ref.name
    missing = Why(Reason.SECRET_MISSING, f"Secret {name} was not read yet")
    found = missing if access is None else access.variables.get(name, missing)
    if isinstance(found, Why):
        return found
    headers = {
        key.removeprefix(HEADER): text for key, text in found.items() if key.startswith(HEADER)
    }
    login = Access(_server(found), _basic(found, "proxyUsername", "proxyPassword"))
    if _is_half(found, login) or (login.is_empty and not headers):
        return Why(
            Reason.SECRET_INCOMPLETE,
            f"Secret {name} must hold token, username and password, or keys {HEADER}NAME; for a "
            "proxy proxyUsername and proxyPassword.",
        )
    return Login(login, tuple(sorted(headers.items())))


def checked(headers: Mapping[str, str], access: Access | None, field: str) -> dict[str, str]:
    """Raises NeedsHuman for what no header can hold, and for one that is set already."""
    seen = {"authorization"} if access is not None and access.server is not None else set()
    for name, text in headers.items():
        folded = name.casefold()
        if not (text.isascii() and text.isprintable() and name and _is_token(name)):
            raise NeedsHuman(
                Reason.INVALID_CREDENTIALS,
                f"a key {HEADER}… of the Secret of {field} is no header, or has a value that "
                "cannot be sent, e.g. one with a line end",
            )
        if folded in _OURS or folded in seen:
            raise NeedsHuman(
                Reason.INVALID_CREDENTIALS,
                f"the key {HEADER}{name} of the Secret of {field} is a header that is set already; "
                "remove it",
            )
        seen.add(folded)
    return dict(headers)


def _server(found: Mapping[str, str]) -> Token | Basic | None:
    return Token(found["token"]) if found.get("token") else _basic(found, "username", "password")


def _basic(found: Mapping[str, str], username: str, password: str) -> Basic | None:
    if found.get(username) and password in found:
        return Basic(found[username], found[password])
    return None


def _is_half(found: Mapping[str, str], login: Access) -> bool:
    """Something was meant to be there, and part of it is not: nothing is sent without it."""
    meant_server = {"token", "username", "password"} & found.keys()
    meant_proxy = {"proxyUsername", "proxyPassword"} & found.keys()
    return bool((meant_server and login.server is None) or (meant_proxy and login.proxy is None))


def _is_token(name: str) -> bool:
    return name.isascii() and all(each.isalnum() or each in "-_." for each in name)
