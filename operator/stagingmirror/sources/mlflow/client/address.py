"""Where an environment's registry is, and how to be let in."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.quantity import parse_bytes
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.sources.source import Credentials


@dataclass(frozen=True, slots=True)
class RegistryAddress:
    """One environment's MLflow. Environments with equal ``url``, ``credentials`` and ``ca_bundle``
    are polled once.
    """

    url: str
    credentials: Credentials | None = None
    ca_bundle: str | None = None
    """PEM; None: what the system trusts."""
    content_interval: float = 86_400.0
    """Seconds after which all bytes of a model version are read again."""
    max_bytes: int = 50 * 1024**3
    """A model version with more bytes is not read: Unseen(TooLarge)."""


@dataclass(frozen=True, slots=True)
class ServerKey:
    """What makes two addresses one server to us: where, as whom, trusting whom."""

    url: str
    credentials: Credentials | None
    ca_bundle: str | None


def address_of(
    spec: MirrorEnvironmentSpec, credentials: Credentials | None
) -> RegistryAddress | None:
    """The registry of an environment; None: it has none."""
    if spec.mlflow is None:
        return None
    return RegistryAddress(
        url=spec.mlflow.url,
        credentials=credentials,
        ca_bundle=spec.mlflow.ca_bundle,
        content_interval=seconds(spec.content.interval),
        max_bytes=parse_bytes(spec.content.max_bytes),
    )


def server_key(address: RegistryAddress) -> ServerKey:
    """Raises NeedsHuman(InvalidAddress) for what is no http(s) URL or holds credentials itself."""
    return ServerKey(clean_url(address.url), address.credentials, address.ca_bundle)


def clean_url(url: str) -> str:
    """The URL without a trailing slash. Never quoted in an error: it may hold a password."""
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if not right:
        raise NeedsHuman(
            Reason.INVALID_ADDRESS, "mlflow.url is no URL like https://mlflow.example:5000"
        )
    if parts.username is not None or parts.password is not None:
        raise NeedsHuman(
            Reason.INVALID_ADDRESS,
            "mlflow.url holds credentials; put them into the Secret of credentialsSecretRef",
        )
    if parts.query or parts.fragment:
        raise NeedsHuman(Reason.INVALID_ADDRESS, "mlflow.url must not have a query or a fragment")
    return url.rstrip("/")
