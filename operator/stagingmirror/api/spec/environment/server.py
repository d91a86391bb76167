"""A server of one side: its address, and how to be let in."""

from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Key, ObjectName, Rule


def is_plain_address(url: str) -> bool:
    """http or https with a host, and without credentials, query and fragment."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and not set(url) & {*"@?#"}
        )
    except ValueError:
        return False


# The same as CEL; ``{0}`` is the field.
PLAIN_ADDRESS = (
    "isURL({0}) && url({0}).getScheme() in ['http', 'https'] && url({0}).getHost() != ''"
    " && !{0}.contains('@') && !{0}.contains('?') && !{0}.contains('#')"
)


class SecretReference(Model):
    name: ObjectName
    """Name of a Secret in the operator's own namespace."""


class SecretKeyReference(Model):
    name: ObjectName
    """Name of a Secret in the operator's own namespace."""
    key: Key
    """The key of the Secret that is meant."""


class Server(Model):
    """A server of one side, and how to be let in."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel=PLAIN_ADDRESS.format("self.url"),
            message=(
                "url must be http:// or https:// with a host, and without credentials, '?' and '#';"
                " credentials belong in credentialsSecretRef"
            ),
            holds=lambda server: is_plain_address(server.url),
        ),
        Rule(
            cel=f"!has(self.proxyUrl) || {PLAIN_ADDRESS.format('self.proxyUrl')}",
            message=(
                "proxyUrl must be http:// or https:// with a host, and without credentials, '?' and"
                " '#'; proxyUsername and proxyPassword belong in credentialsSecretRef"
            ),
            holds=lambda server: server.proxy_url is None or is_plain_address(server.proxy_url),
        ),
    )

    url: Annotated[str, Field(min_length=1, max_length=2048)]
    """Address of the server, e.g. http://mlflow.ml-prod.svc:5000, without credentials in it."""
    credentials_secret_ref: SecretReference | None = None
    """A Secret in the operator's own namespace with the keys username and password, or token. It
    must carry the label stagingmirror.dev/environment with the name of this environment. For a
    proxy it may also have, or have only, proxyUsername and proxyPassword.
    """
    ca_bundle: Annotated[str, Field(max_length=65536)] | None = None
    """Certificate authorities (PEM) that the server's certificate is checked against, and that of
    an https:// proxy. Omitted: those of the operator's image.
    """
    proxy_url: Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    """A proxy through which the server is reached, e.g. http://proxy.example:3128. Credentials of
    the server are not sent through it unless url is https://. Variables such as HTTPS_PROXY do
    not count. Omitted: the server is reached directly.
    """
