"""How we log in to another cluster: by a kubeconfig that was parsed from a Secret."""

import os
import ssl

from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.expiry import expiry_of
from stagingmirror.sources.kubernetes.api.kubeconfig import Kubeconfig
from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.sources.kubernetes.api.sockets import outward_keepalive_socket
from stagingmirror.sources.tls import trusting

_REFUSED = "the kubeconfig is not used"


def remote_login(found: Kubeconfig) -> Login:
    """Of the operator's environment (HTTPS_PROXY, …) nothing counts.

    Raises NeedsHuman (KubeconfigRefused) where the authorities, or certificate and key, are none.
    """
    address, header = found.address, f"Bearer {found.token}" if found.token else None

    async def authorization() -> str | None:
        return header

    return Login(
        address.server,
        _tls(found),
        authorization,
        "default",
        server_hostname=address.tls_server_name,
        proxy=address.proxy,
        socket=outward_keepalive_socket,
        expiry=expiry_of(found.token) if found.token else None,
    )


def _tls(found: Kubeconfig) -> ssl.SSLContext:
    try:
        tls = trusting(pem=found.address.authorities)
    except (ssl.SSLError, ValueError):
        raise NeedsHuman(
            Reason.KUBECONFIG_REFUSED,
            f"{_REFUSED}: certificate-authority-data holds no certificate (PEM).",
        ) from None
    if found.certificate is not None and found.key is not None:
        _present(tls, found.certificate, found.key)
    return tls


def _present(tls: ssl.SSLContext, certificate: str, key: str) -> None:
    """OpenSSL reads a client certificate from a file: this one is in memory alone."""
    with os.fdopen(os.memfd_create("client-certificate"), "w") as file:
        file.write(f"{certificate}\n{key}\n")
        file.flush()
        try:
            # Without a password it would ask for one on the terminal.
            tls.load_cert_chain(f"/proc/self/fd/{file.fileno()}", password=lambda: "")
        except (ssl.SSLError, ValueError):
            raise NeedsHuman(
                Reason.KUBECONFIG_REFUSED,
                f"{_REFUSED}: client-certificate-data and client-key-data are no certificate and"
                " its key (PEM, without a password).",
            ) from None
