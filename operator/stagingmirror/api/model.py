"""The base of every model of the API."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

GROUP = "stagingmirror.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"


class Model(BaseModel):
    """Frozen; camelCase outside, snake_case inside. Unknown fields are ignored: a newer CRD may
    have them.
    """

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore"
    )
