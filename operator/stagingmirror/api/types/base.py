"""The base of every model of the API."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import core_schema

from stagingmirror.api.types.constraints import VALIDATIONS, Rule

GROUP = "stagingmirror.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
# The one name of a MirrorInstallation.
INSTALLATION = "stagingmirror"

# Of specs and statuses: what is not known is ignored.
CONFIG = ConfigDict(
    frozen=True,
    alias_generator=to_camel,
    populate_by_name=True,
    extra="ignore",
    use_attribute_docstrings=True,
)


class Model(BaseModel):
    """Frozen; camelCase outside, snake_case inside. Unknown fields are ignored: a newer CRD may
    have them.

    The text under a field is its description in ``kubectl explain`` and in the reference.
    """

    model_config = CONFIG

    rules: ClassVar[tuple[Rule, ...]] = ()

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> dict[str, Any]:
        written = handler.resolve_ref_schema(handler(schema))
        if cls.rules:
            written[VALIDATIONS] = [rule.as_validation() for rule in cls.rules]
        return written
