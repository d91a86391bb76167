"""What clients of HTTP servers that an environment names have in common: how they are let in, whom
they trust, and what a call without an answer means. ``field`` is the environment's that describes
the server, e.g. ``mlflow``.
"""

import ssl
from urllib.parse import urlsplit

import aiohttp

from stagingmirror.errors import NeedsHuman, NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.outward import LinkLocal, outward_socket
from stagingmirror.sources.source import Basic, Credentials, Token
from stagingmirror.sources.tls import certificate_trouble, trusting, trusting_the_system

PROXY_LOGIN = (
    "the proxy refuses us (407); put proxyUsername and proxyPassword into the Secret of"
    " {field}.credentialsSecretRef"
)
_BY_CAUSE = (
    (TimeoutError, Reason.TIMED_OUT, "no answer in time"),
    (
        aiohttp.ClientSSLError,
        Reason.TLS_FAILED,
        "it speaks no TLS that we do; is {field}.url meant to be http://?",
    ),
    (
        aiohttp.ClientProxyConnectionError,
        Reason.UNREACHABLE,
        "no connection to the proxy; is {field}.proxyUrl right, and the proxy running?",
    ),
    (
        aiohttp.ClientConnectorError,
        Reason.UNREACHABLE,
        "no connection; is it running and reachable?",
    ),
    (
        aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError,
        Reason.HALF_READ,
        "the connection ended in the middle of the answer",
    ),
)


def clean_url(url: str, field: str) -> str:
    """The URL without a trailing slash. Never quoted in an error: it may hold a password.

    Raises NeedsHuman(InvalidAddress) for what is no http(s) URL or holds credentials itself.
    """
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise NeedsHuman(
            Reason.INVALID_ADDRESS, f"{field}.url is no URL like https://server.example:5000"
        )
    if parts.username is not None or parts.password is not None:
        raise NeedsHuman(
            Reason.INVALID_ADDRESS,
            f"{field}.url holds credentials; put them into the Secret of credentialsSecretRef",
        )
    if parts.query or parts.fragment:
        raise NeedsHuman(Reason.INVALID_ADDRESS, f"{field}.url must not have a query or a fragment")
    return url.rstrip("/")


def authorization(credentials: Credentials | None, field: str) -> dict[str, str]:
    """The header that lets us in. Raises NeedsHuman for a token that no header can hold."""
    match credentials:
        case Basic():
            return {"Authorization": credentials.authorization}
        case Token(token):
            if not token.isascii() or not token.isprintable() or not token:
                raise NeedsHuman(
                    Reason.INVALID_CREDENTIALS,
                    f"the token of {field}.credentialsSecretRef is empty or holds characters that "
                    "cannot be sent, e.g. a line end",
                )
            return {"Authorization": f"Bearer {token}"}
        case None:
            return {}


def trust(ca_bundle: str | None, field: str) -> ssl.SSLContext:
    """Raises NeedsHuman where there is no certificate in it."""
    if ca_bundle is None:
        return trusting_the_system()
    try:
        return trusting(pem=ca_bundle)
    except (ssl.SSLError, ValueError):
        raise NeedsHuman(
            Reason.INVALID_CA_BUNDLE, f"{field}.caBundle holds no PEM certificates"
        ) from None


def session_with(tls: ssl.SSLContext, connections: int) -> aiohttp.ClientSession:
    """For one server; it keeps no cookies. Must be made in the event loop."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ssl=tls, socket_factory=outward_socket),
        headers={"User-Agent": "stagingmirror"},
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def failure(error: BaseException, request: str, field: str) -> NotAnswered:
    """The error for a call that got no whole answer. The cause's own text is left out: it may quote
    an address with credentials. ``request`` names server and operation.
    """
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        text = certificate_trouble(error.certificate_error, f"{field}.caBundle", f"{field}.url")
        return NotAnswered(Reason.CERTIFICATE_NOT_TRUSTED, f"{request}: {text}")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        refused = f"the proxy answers {error.status}; may it connect to this server?"
        text = PROXY_LOGIN.format(field=field) if error.status == 407 else refused
        return NotAnswered(Reason.PROXY_REFUSED, f"{request}: {text}")
    if isinstance(getattr(error, "os_error", error), LinkLocal):
        return NotAnswered(
            Reason.LINK_LOCAL, f"{request}: the address is link-local, which is never connected to"
        )
    for cause, reason, text in _BY_CAUSE:
        if isinstance(error, cause):
            return NotAnswered(reason, f"{request}: {text.format(field=field)}")
    return NotAnswered(Reason.UNREACHABLE, f"{request}: the call failed ({type(error).__name__})")
