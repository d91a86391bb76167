"""MirrorEnvironment: one side, described by an admin. Teams' resources hold only names that lead
here.
"""

from typing import Literal

from stagingmirror.api.model import Model

Role = Literal["Production", "Staging"]


class Readable(Model):
    """What may be shown and copied; everything else is compared by HMAC, never shown, never
    written.
    """

    config_maps: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()


class SecretReference(Model):
    name: str


class MlflowServer(Model):
    url: str
    credentials_secret_ref: SecretReference | None = None
    ca_bundle: str | None = None
    """PEM."""


class ContentReading(Model):
    interval: str = "24h"
    max_bytes: str = "50Gi"


class MirrorEnvironmentSpec(Model):
    role: Role
    usable_from: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    readable: Readable = Readable()
    mlflow: MlflowServer | None = None
    content: ContentReading = ContentReading()
    shares_registry_with: str | None = None
    max_concurrent_refreshes: int = 4
