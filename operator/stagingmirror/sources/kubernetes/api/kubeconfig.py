"""A kubeconfig from a Secret: a server, whom to trust, and credentials. Nothing in it is run and no
file is read: whoever may write a Secret is not the person who runs the operator.

``login`` in ``api/login.py`` is for a kubeconfig of that person.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import accumulate
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import yaml

from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.sources.outward import is_link_local

# Characters of the whole text. One cluster with a chain of authorities takes about 10,000.
LIMIT = 64 * 1024
# What makes YAML slow to read, and no base64 and no token has; one cluster takes about 100.
_MARKS = ("\n", "[", "{", ",", ":", "&", "*", "- ", "? ")
_MARKS_LIMIT = 2000
# Brackets within brackets: reading them takes a time that grows with the square of the depth.
_DEPTH_LIMIT = 20
_TOKEN_LIMIT = 16 * 1024
# A name of DNS: what is none cannot be looked up, nor be in a certificate.
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)

Entry = Mapping[str, Any]
# What a kubeconfig may have and we do not use, with the remedy.
_FILE = "names a file, and only the Secret is read; put the content into {0}-data"
_IMPERSONATION = (
    "is impersonation, which is a right to more than reading; use an account of its own"
)
_INSTEAD = "use token, or client-certificate-data and client-key-data"
_NOT_OF_A_USER = {
    "exec": f"would run a program; {_INSTEAD}",
    "auth-provider": f"would run a plugin; {_INSTEAD}",
    "username": "is not supported by Kubernetes; use token",
    "password": "is not supported by Kubernetes; use token",
    "tokenFile": "names a file, and only the Secret is read; put the content into token",
    "client-certificate": _FILE.format("client-certificate"),
    "client-key": _FILE.format("client-key"),
    **dict.fromkeys(("as", "as-uid", "as-groups", "as-user-extra"), _IMPERSONATION),
}
_NOT_OF_A_CLUSTER = {
    "certificate-authority": _FILE.format("certificate-authority"),
    "insecure-skip-tls-verify": (
        "would trust anybody who answers; use certificate-authority-data, and tls-server-name where"
        " the certificate is for another name"
    ),
}
# What does not matter here, and is neither a credential nor an address.
_IGNORED = frozenset({"extensions", "disable-compression"})
_OF_A_USER = _IGNORED | {"token", "client-certificate-data", "client-key-data"}
_OF_A_CLUSTER = _IGNORED | {
    "server",
    "certificate-authority-data",
    "tls-server-name",
    "proxy-url",
}


class Address(NamedTuple):
    """Where an API server is, and how it proves that it is the one. ``authorities`` are PEM."""

    server: str
    authorities: str
    tls_server_name: str | None
    proxy: str | None


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """``certificate`` and ``key`` are PEM; both are there, or neither."""

    address: Address
    token: str | None = field(repr=False)
    certificate: str | None = field(repr=False)
    key: str | None = field(repr=False)


def parse_kubeconfig(text: str) -> Kubeconfig:
    """The context that counts: ``current-context``, else the only one.

    Raises NeedsHuman (KubeconfigRefused, LinkLocal), which names the field and holds no value of
    it.
    """
    if len(text) > LIMIT:
        raise _refused(
            f"it has {len(text)} characters, and at most {LIMIT} are read; keep one context in it"
        )
    if sum(map(text.count, _MARKS)) > _MARKS_LIMIT or _depth(text) > _DEPTH_LIMIT:
        raise _refused("it has too many entries; keep one context in it")
    root = _mapping(_decoded(text), "it is not a kubeconfig: its text is no YAML mapping")
    context = _context(root)
    cluster = _named(root, "clusters", "cluster", context.get("cluster"))
    user = _named(root, "users", "user", context.get("user"))
    _refuse_others(cluster, "cluster", _OF_A_CLUSTER, _NOT_OF_A_CLUSTER)
    _refuse_others(user, "user", _OF_A_USER, _NOT_OF_A_USER)
    return Kubeconfig(_address(cluster), _token(user), *_certificate(user))


def _decoded(text: str) -> object:
    try:
        # Not libyaml: what is nested deeply would overflow its stack, and end the process.
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError):
        return None


def _depth(text: str) -> int:
    steps = (1 if each in "[{" else -1 for each in text if each in "[]{}")
    return max(accumulate(steps), default=0)


def _context(root: Entry) -> Entry:
    contexts, current = _entries(root, "contexts"), root.get("current-context")
    if not current and len(contexts) != 1:
        found = f"has {len(contexts)} contexts" if contexts else "has no context"
        raise _refused(f"it {found} and no current-context; name the one that counts there")
    return _named(root, "contexts", "context", current or contexts[0].get("name"))


def _named(root: Entry, plural: str, field: str, name: object) -> Entry:
    """The one entry of a list that has this name."""
    is_name = isinstance(name, str)  # two nested lists of references can take for ever to compare
    found = [each for each in _entries(root, plural) if is_name and each.get("name") == name]
    if len(found) != 1:
        many = "more than one entry" if found else "no entry"
        raise _refused(f"{plural} has {many} of the name that is meant; correct the names")
    return _mapping(found[0].get(field), f"{plural} has an entry without {field}")


def _entries(root: Entry, plural: str) -> list[Entry]:
    entries = root.get(plural)
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise _refused(f"{plural} is no list")
    return [_mapping(each, f"{plural} has an entry that is no mapping") for each in entries]


def _refuse_others(
    entry: Entry, what: str, known: frozenset[str], refused: Mapping[str, str]
) -> None:
    """A field that we do not know may change who we are, or whom we trust."""
    for name, value in entry.items():
        if name in known or value in (None, "", False):
            continue
        if name in refused:
            raise _refused(f"{name} of its {what} {refused[name]}")
        called = name if _is_plain(name) else "a field"
        raise _refused(
            f"{called} of its {what} is not known here; supported are"
            f" {', '.join(sorted(known - _IGNORED))}"
        )


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and len(name) <= 40 and name.replace("-", "").isalpha()


def _address(cluster: Entry) -> Address:
    server = _text(cluster, "server", most=2048)
    if server is None:
        raise _refused("server of its cluster is missing")
    _refuse_url(server, "server", ("https",))
    authorities = _pem(cluster, "certificate-authority-data")
    if authorities is None:
        raise _refused(
            "certificate-authority-data of its cluster is missing; add the authority that signed"
            " the API server's certificate"
        )
    proxy = _text(cluster, "proxy-url", most=2048)
    if proxy is not None:
        _refuse_url(proxy, "proxy-url", ("http", "https"))
    return Address(server, authorities, _server_name(cluster), proxy)


def _server_name(cluster: Entry) -> str | None:
    name = _text(cluster, "tls-server-name", most=253)
    if name is not None and not (_is_name(name) or _is_address(name)):
        raise _refused("tls-server-name of its cluster is no host name")
    return name


def _refuse_url(url: str, field: str, schemes: tuple[str, ...]) -> None:
    """What is not an address of these schemes, or has more in it than that."""
    parts = _split(url)
    if parts is None or not _has_host(parts):
        raise _refused(f"{field} of its cluster is not a URL with a host")
    if parts.scheme not in schemes:
        wanted = " or ".join(f"{each}://" for each in schemes)
        raise _refused(f"{field} of its cluster must begin with {wanted}")
    if set(url) & {*"@?#\\ "}:
        raise _refused(f"{field} of its cluster must have no credentials, '?' and '#' in it")
    if is_link_local(parts.hostname or ""):
        raise NeedsHuman(
            Reason.LINK_LOCAL,
            f"the kubeconfig is not used: {field} of its cluster is link-local, which is never"
            " connected to.",
        )


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if url.isascii() and url.isprintable() and parts.port != 0 else None
    except ValueError:
        return None


def _has_host(parts: SplitResult) -> bool:
    """A host, and nothing beside it but a port."""
    host = parts.hostname or ""
    if parts.netloc.startswith("["):
        return _is_address(host) and parts.netloc.partition("]")[2][:1] in ("", ":")
    return _is_name(host)


def _is_name(host: str) -> bool:
    """Also of an IPv4 address."""
    return len(host) <= 253 and all(map(_LABEL.fullmatch, host.removesuffix(".").split(".")))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _token(user: Entry) -> str | None:
    token = _text(user, "token", most=_TOKEN_LIMIT)
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise _refused("token of its user cannot be sent in a header: it has blanks or other text")
    if token is None and not (user.get("client-certificate-data") or user.get("client-key-data")):
        raise _refused(
            "its user has no credentials; add token, or client-certificate-data and client-key-data"
        )
    return token


def _certificate(user: Entry) -> Iterator[str | None]:
    found = [_pem(user, name) for name in ("client-certificate-data", "client-key-data")]
    if found.count(None) == 1:
        raise _refused(
            "client-certificate-data and client-key-data of its user belong together, and one of"
            " them is missing"
        )
    return iter(found)


def _pem(entry: Entry, field: str) -> str | None:
    encoded = _text(entry, field, most=LIMIT)
    if encoded is None:
        return None
    try:
        return base64.b64decode("".join(encoded.split()), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise _refused(f"{field} is not base64 of a PEM text") from None


def _text(entry: Entry, field: str, *, most: int) -> str | None:
    """None: it is not there, or empty."""
    value = entry.get(field)
    if value in (None, ""):
        return None
    if not isinstance(value, str) or len(value) > most:
        raise _refused(f"{field} is not a text of at most {most} characters")
    return value.strip()


def _mapping(value: object, otherwise: str) -> Entry:
    if not isinstance(value, dict):
        raise _refused(otherwise)
    return value


def _refused(what: str) -> NeedsHuman:
    """The text of a file may hold credentials: only names of fields are ever in it."""
    return NeedsHuman(Reason.KUBECONFIG_REFUSED, f"the kubeconfig is not used: {what}.")
