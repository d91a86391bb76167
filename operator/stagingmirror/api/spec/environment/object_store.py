"""Where the bytes of models are kept, beside MLflow."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from pydantic import Field

from stagingmirror.api.spec.environment.assumed_role import AssumedRole, Region
from stagingmirror.api.spec.environment.location import Location, location_of
from stagingmirror.api.spec.environment.server import (
    PLAIN_ADDRESS,
    SecretReference,
    is_plain_address,
)
from stagingmirror.api.spec.offers import matches
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Label, Rule, shape, unique

# A bucket or container, and folders in it none of whose names begins with a dot.
_PLACE = (
    r"^((s3|gs)://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]|az://[a-z0-9]{3,24}/[a-z0-9][a-z0-9-]{2,62})"
    r"(/[A-Za-z0-9_][A-Za-z0-9_.=@+:-]*)*/?$"
)
_Folder = Annotated[
    str,
    Field(min_length=1, max_length=256),
    shape(r"^[^/].*$", "write a folder below url, e.g. ranker/*, without a slash at its beginning"),
]


class ObjectStore(Model):
    """A bucket or container, or a folder in it. Production's is only ever read."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel=f"!has(self.endpoint) || {PLAIN_ADDRESS.format('self.endpoint')}",
            message=(
                "endpoint must be http:// or https:// with a host, and without credentials, '?' and"
                " '#'; credentials belong in credentialsSecretRef"
            ),
            holds=lambda store: store.endpoint is None or is_plain_address(store.endpoint),
        ),
        Rule(
            cel=f"!has(self.proxyUrl) || {PLAIN_ADDRESS.format('self.proxyUrl')}",
            message=(
                "proxyUrl must be http:// or https:// with a host, and without credentials, '?' and"
                " '#'"
            ),
            holds=lambda store: store.proxy_url is None or is_plain_address(store.proxy_url),
        ),
        Rule(
            cel="!has(self.region) || self.url.startsWith('s3://')",
            message="region is for s3:// only; remove it",
            holds=lambda store: store.region is None or store.url.startswith("s3://"),
        ),
        Rule(
            cel="!has(self.anonymous) || !self.anonymous || !has(self.credentialsSecretRef)",
            message="anonymous sends no credentials; remove credentialsSecretRef, or anonymous",
            holds=lambda store: not (store.anonymous and store.credentials_secret_ref),
        ),
        Rule(
            cel="!has(self.assumeRole) || self.url.startsWith('s3://')",
            message="assumeRole is for s3:// only; remove it",
            holds=lambda store: store.assume_role is None or store.url.startswith("s3://"),
        ),
        Rule(
            cel="!has(self.assumeRole) || !has(self.anonymous) || !self.anonymous",
            message="anonymous sends no credentials; remove assumeRole, or anonymous",
            holds=lambda store: not (store.anonymous and store.assume_role),
        ),
    )

    name: Label
    """Name of the store, unique in the environment."""
    url: Annotated[
        str,
        Field(min_length=1, max_length=1024),
        shape(
            _PLACE,
            "write s3://bucket, gs://bucket or az://account/container, and a folder in it; none "
            "begins with a dot, and other schemes are not read",
        ),
    ]
    """The bucket, or a folder in it: s3://bucket/folder, gs://bucket/folder,
    az://account/container/folder (also for wasbs:// and abfss://). Nothing outside is read. Where
    several stores of the environment have a place, the one with the longest url counts.
    """
    endpoint: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """Address of an S3-compatible server, e.g. http://minio.ml-prod.svc:9000, or of another
    endpoint of the cloud. Omitted: that of AWS in the region, of Google, or of the Azure account.
    """
    proxy_url: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """Address of an HTTP proxy that requests go through. Omitted: none, or that of the operator's
    variable HTTPS_PROXY.
    """
    region: Region | None = None
    """The region of an s3:// bucket. Default: us-east-1."""
    credentials_secret_ref: SecretReference | None = None
    """A Secret in the operator's own namespace. For s3:// with the keys AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where there is one; for gs:// with
    GOOGLE_SERVICE_ACCOUNT_KEY (JSON); for az:// with AZURE_STORAGE_ACCESS_KEY, or
    AZURE_STORAGE_SAS_TOKEN, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET. It must
    carry the label stagingmirror.dev/environment with the name of this environment. Omitted: the
    identity that the cloud gives to the operator's pod.
    """
    assume_role: AssumedRole | None = None
    """A role of AWS as which the store is used. Omitted: as the account of the Secret, or of the
    pod.
    """
    anonymous: bool = False
    """True: the bucket is public, and no credentials are sent."""
    readable: Annotated[tuple[_Folder, ...], unique(most=32)] = ()
    """Folders below url that a modelFiles or the table of a setting may name, and whose names,
    hashes and versions are shown; * stands for any characters. Artifacts of MLflow need none. None
    by default.
    """
    max_rate: (
        Annotated[
            str,
            Field(max_length=16),
            shape(r"^[1-9][0-9]*(M|G|Mi|Gi)$", "write bytes per second, e.g. 200Mi; at least 1M"),
        ]
        | None
    ) = None
    """Bytes per second that are read of it at most, by all readings and copies together, e.g.
    200Mi. Omitted: as fast as they come.
    """
    ca_bundle: Annotated[str, Field(max_length=65536)] | None = None
    """Certificate authorities (PEM) that the server's certificate may be signed by, beside those of
    the operator's image.
    """

    def offers(self, location: Location) -> bool:
        """Whether a place that it has may be compared by name of its folder."""
        below = location.path.removeprefix(place_of(self).path).strip("/")
        return bool(below) and matches(self.readable, below)


def place_of(store: ObjectStore) -> Location:
    found = location_of(store.url)
    assert found is not None, "its form is a rule of the spec"
    return found


def store_for(location: Location, stores: Iterable[ObjectStore]) -> ObjectStore | None:
    """The one whose place is the longest, of equal ones the first by name."""
    fitting = (each for each in stores if place_of(each).has(location))
    return min(fitting, key=lambda each: (-len(place_of(each).path), each.name), default=None)


def offering(uri: str, stores: Iterable[ObjectStore]) -> ObjectStore | None:
    """The store that has a folder and lists it as readable."""
    location = location_of(uri)
    store = None if location is None else store_for(location, stores)
    if location is None or store is None or not store.offers(location):
        return None
    return store
