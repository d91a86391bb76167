"""Where the bytes of models are kept, beside MLflow."""

from typing import Annotated, ClassVar

from pydantic import Field

from stagingmirror.api.spec.server import PLAIN_ADDRESS, SecretReference, is_plain_address
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Label, Rule, shape

# A bucket, and folders in it none of whose names begins with a dot.
_PLACE = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_][A-Za-z0-9_.=@+:-]*)*/?$"
_REGION = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"


class ObjectStore(Model):
    """A bucket of an S3-compatible store, or a folder in it. It is only read."""

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
            cel="!has(self.anonymous) || !self.anonymous || !has(self.credentialsSecretRef)",
            message="anonymous sends no credentials; remove credentialsSecretRef, or anonymous",
            holds=lambda store: not (store.anonymous and store.credentials_secret_ref),
        ),
    )

    name: Label
    """Name of the store, unique in the environment."""
    url: Annotated[
        str,
        Field(min_length=1, max_length=1024),
        shape(
            _PLACE,
            "write s3://bucket or s3://bucket/folder; no folder begins with a dot, and other "
            "schemes are not read",
        ),
    ]
    """The bucket, or a folder in it: s3://bucket/folder. Nothing outside is read. Where several
    stores of the environment have a place, the one with the longest url counts.
    """
    endpoint: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """Address of an S3-compatible server, e.g. http://minio.ml-prod.svc:9000. Omitted: that of AWS
    in the region.
    """
    region: (
        Annotated[
            str,
            Field(min_length=1, max_length=63),
            shape(_REGION, "write the name of a region, e.g. eu-central-1"),
        ]
        | None
    ) = None
    """The region of the bucket. Default: us-east-1."""
    credentials_secret_ref: SecretReference | None = None
    """A Secret in the operator's own namespace with the keys AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where there is one. It must carry the label
    stagingmirror.dev/environment with the name of this environment. Omitted: the identity that the
    cloud gives to the operator's pod.
    """
    anonymous: bool = False
    """True: the bucket is public, and no credentials are sent."""
    ca_bundle: Annotated[str, Field(max_length=65536)] | None = None
    """Certificate authorities (PEM) that the server's certificate may be signed by, beside those of
    the operator's image.
    """
