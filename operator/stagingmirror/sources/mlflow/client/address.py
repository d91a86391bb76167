"""Where an environment's registry is, and how to be let in."""

from dataclasses import dataclass
from typing import NamedTuple

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.object_store import ObjectStore
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.quantity import parse_bytes
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NeedsHuman
from stagingmirror.sources.outward import Proxy, proxy_of
from stagingmirror.sources.source import Access, Credentials
from stagingmirror.sources.wire import clean_url


class Stores(NamedTuple):
    """The object stores of an environment. One with others reads other roots, and as somebody else:
    it is polled by itself.
    """

    environment: str
    stores: tuple[ObjectStore, ...]


@dataclass(frozen=True, slots=True)
class RegistryAddress:
    """One environment's MLflow. Environments with equal ``url``, ``credentials``, ``ca_bundle`` and
    ``proxy`` and ``workspace`` are polled once.
    """

    url: str
    credentials: Credentials | None = None
    ca_bundle: str | None = None
    """PEM; None: what the system trusts."""
    proxy: Proxy | None = None
    workspace: str | None = None
    """None: the server's default, or it has none."""
    content_interval: float = 86_400.0
    """Seconds after which all bytes of a model version are read again."""
    max_bytes: int = 50 * 1024**3
    """A model version with more bytes is not read: Unseen(TooLarge)."""
    least_interval: float = 1.0
    """Seconds between two rounds that mirrors request out of turn, beyond a few at once."""
    stores: Stores | None = None
    """What opens artifacts that MLflow does not serve; None: the environment has no stores."""


@dataclass(frozen=True, slots=True)
class ServerKey:
    """What makes two addresses one server to us: where, as whom, trusting whom, by which way, in
    what part.
    """

    url: str
    credentials: Credentials | None
    ca_bundle: str | None
    proxy: Proxy | None
    workspace: str | None
    stores: Stores | None


def address_of(
    name: str, spec: MirrorEnvironmentSpec, access: Access | None
) -> RegistryAddress | Why | None:
    """The registry of this environment; None: it has none; a Why where it cannot be used."""
    if spec.mlflow is None:
        return None
    try:
        proxy = proxy_of(spec.mlflow, access, "mlflow")
    except NeedsHuman as error:
        return Why(error.reason, error.message)
    return RegistryAddress(
        url=spec.mlflow.url,
        credentials=access.server if access is not None else None,
        ca_bundle=spec.mlflow.ca_bundle,
        proxy=proxy,
        workspace=spec.mlflow.workspace,
        content_interval=seconds(spec.content.interval),
        max_bytes=parse_bytes(spec.content.max_bytes),
        least_interval=seconds(spec.min_check_interval),
        stores=Stores(name, spec.object_stores) if spec.object_stores else None,
    )


def server_key(address: RegistryAddress) -> ServerKey:
    """Raises NeedsHuman(InvalidAddress) for what is no http(s) URL or holds credentials itself."""
    return ServerKey(
        clean_url(address.url, "mlflow"),
        address.credentials,
        address.ca_bundle,
        address.proxy,
        address.workspace,
        address.stores,
    )
