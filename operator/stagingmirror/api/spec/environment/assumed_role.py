"""A role of AWS as which an object store is used."""

from typing import Annotated, ClassVar

from pydantic import Field

from stagingmirror.api.spec.environment.server import PLAIN_ADDRESS, is_plain_address
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Rule, shape

REGION = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_ROLE = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}$"

Region = Annotated[
    str,
    Field(min_length=1, max_length=63),
    shape(REGION, "write the name of a region, e.g. eu-central-1"),
]


class AssumedRole(Model):
    """A role that is assumed (AWS STS) by the account of the Secret, or of the operator's pod. Its
    rights are narrowed by a session policy to what is below url: to list and read, and only in a
    Staging environment also to write and delete.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel=f"!has(self.endpoint) || {PLAIN_ADDRESS.format('self.endpoint')}",
            message=(
                "endpoint must be http:// or https:// with a host, and without credentials, '?' and"
                " '#'"
            ),
            holds=lambda role: role.endpoint is None or is_plain_address(role.endpoint),
        ),
    )

    arn: Annotated[
        str,
        Field(min_length=20, max_length=600),
        shape(_ROLE, "write the ARN of a role, e.g. arn:aws:iam::123456789012:role/reader"),
    ]
    """The role, e.g. arn:aws:iam::123456789012:role/reader."""
    external_id: (
        Annotated[
            str,
            Field(min_length=2, max_length=1224),
            shape(
                r"^[A-Za-z0-9_+=,.@:/-]*$",
                "an externalId has letters, digits and _+=,.@:/- only, as AWS has it",
            ),
        ]
        | None
    ) = None
    """What the role's trust policy wants as sts:ExternalId. Omitted: none."""
    region: Region | None = None
    """The region whose STS is requested. Omitted: that of the store."""
    endpoint: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    """Address of another STS, e.g. a VPC endpoint. Omitted: that of AWS in the region."""
