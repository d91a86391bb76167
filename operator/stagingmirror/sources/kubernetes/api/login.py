"""Where the API server is and how we log in: in a pod, or by a person's kubeconfig.

The in-cluster half needs four files and two variables, so it is read here: importing the client
library for it costs more memory than the rest of this package. A kubeconfig is left to the library,
which knows exec plugins and the like; it runs what the file names, so it is only for a file that
belongs to the person (or pod) that runs us.
"""

import asyncio
import os
import ssl
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import yaml

from stagingmirror.errors import NotAllowed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.expiry import Expiry
from stagingmirror.sources.kubernetes.api.kubeconfig import Address
from stagingmirror.sources.kubernetes.api.sockets import SocketFactory, keepalive_socket
from stagingmirror.sources.tls import trusting

# Where the kubelet puts a ServiceAccount's token, CA and namespace, and rotates the token.
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# Seconds after which a token is read again: a kubelet rotates it long before it ends.
REREAD = 60.0

_UNUSABLE = (OSError, TypeError, KeyError, ValueError, AttributeError)

Authorization = Callable[[], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Login:
    """``authorization`` gives the header as it is now; ``namespace`` is what ``-n`` would default
    to.
    """

    server: str
    tls: ssl.SSLContext | None
    authorization: Authorization
    namespace: str
    server_hostname: str | None = None
    proxy: str | None = None
    socket: SocketFactory = keepalive_socket
    """Makes each socket; it may refuse an address."""
    expiry: Expiry | None = None
    """Until when the credentials are good, where they say so."""


async def login(*, kubeconfig: str | None, context: str | None) -> Login:
    """As kubectl decides it: what is named, else a kubeconfig that is there, else the pod's own
    account. ``NotAllowed`` where there is none of these, or it cannot be read.
    """
    if kubeconfig or context or _default_kubeconfig():
        return await _by_kubeconfig(kubeconfig, context)
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return await asyncio.to_thread(in_cluster, ACCOUNT)
    raise NotAllowed(
        Reason.NO_KUBECONFIG, "There is no kubeconfig, and this is not a pod: give --kubeconfig."
    )


def _default_kubeconfig() -> bool:
    named = os.environ.get("KUBECONFIG", "") or "~/.kube/config"
    return any(Path(path).expanduser().is_file() for path in named.split(os.pathsep) if path)


def in_cluster(account: Path) -> Login:
    """By the files that the kubelet keeps in ``account``, and the variables that it sets."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    try:
        tls = trusting(file=str(account / "ca.crt"))
        namespace = (account / "namespace").read_text().strip()
    except OSError as error:
        raise NotAllowed(
            Reason.NO_SERVICE_ACCOUNT, "The pod has no ServiceAccount token: is automount off?"
        ) from error

    async def read() -> str:
        return "Bearer " + (await asyncio.to_thread((account / "token").read_text)).strip()

    return Login(server, tls, _kept(read), namespace, proxy=_proxy(server))


async def _by_kubeconfig(kubeconfig: str | None, context: str | None) -> Login:
    configuration, chosen = await _load(kubeconfig, context)

    async def read() -> str | None:
        configuration, _ = await _load(kubeconfig, context)
        value = configuration.api_key.get("BearerToken")
        return str(value) if value else None

    server = str(configuration.host)
    return Login(
        server,
        _tls_of(configuration) if server.startswith("https") else None,
        _kept(read),
        str(chosen.get("namespace") or "default"),
        configuration.tls_server_name,
        configuration.proxy or _proxy(server),
    )


async def address_of(kubeconfig: str | None, context: str | None) -> Address:
    """Where a person's kubeconfig leads. ``NotAllowed`` where it cannot be read, or names no
    authority.
    """
    configuration, _ = await _load(kubeconfig, context)
    if not configuration.ssl_ca_cert:
        raise NotAllowed(
            Reason.BAD_KUBECONFIG,
            "The context has no certificate-authority-data, which the operator needs: add it.",
        )
    authorities = await asyncio.to_thread(Path(configuration.ssl_ca_cert).read_text)
    server, name = str(configuration.host), configuration.tls_server_name
    return Address(server, authorities, name or None, configuration.proxy or None)


async def _load(kubeconfig: str | None, context: str | None) -> tuple[Any, dict[str, Any]]:
    # Imported late: 30 MiB and 0.3 s that an operator in a pod never needs.
    from kubernetes.aio import client, config

    configuration = client.Configuration()
    try:
        loader = await config.load_kube_config(
            config_file=kubeconfig,
            context=context,
            client_configuration=configuration,
            persist_config=False,
        )
    except (config.ConfigException, yaml.YAMLError, *_UNUSABLE) as error:
        # The library's own text can quote the file; its type is all that may be shown.
        raise NotAllowed(
            Reason.BAD_KUBECONFIG,
            f"The kubeconfig cannot be used ({type(error).__name__}): does it exist, and does it"
            " have this context?",
        ) from error
    return configuration, loader.current_context["context"]


def _kept(read: Callable[[], Awaitable[str | None]]) -> Authorization:
    """The header as last read, at most ``REREAD`` old. A failing re-read keeps the former one: the
    API server decides whether it is still good.
    """
    value: str | None = None
    read_at = float("-inf")
    lock = asyncio.Lock()

    async def authorization() -> str | None:
        nonlocal value, read_at
        if monotonic() - read_at < REREAD:
            return value
        async with lock:
            if monotonic() - read_at >= REREAD:
                try:
                    value = await read()
                except (OSError, NotAllowed):
                    if value is None:
                        raise
                read_at = monotonic()
        return value

    return authorization


def _tls_of(configuration: Any) -> ssl.SSLContext:
    tls = trusting(file=configuration.ssl_ca_cert)
    if configuration.cert_file:
        tls.load_cert_chain(configuration.cert_file, configuration.key_file)
    if not configuration.verify_ssl:
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    return tls


def _proxy(server: str) -> str | None:
    """HTTPS_PROXY and NO_PROXY, as kubectl honours them."""
    address = urlsplit(server)
    if not address.hostname or urllib.request.proxy_bypass(address.hostname):
        return None
    return urllib.request.getproxies().get(address.scheme)
