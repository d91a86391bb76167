"""What an environment's spec grants, one statement each: a refresh rests on some of them, and they
are read again before each of its writes.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic.alias_generators import to_camel

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.offers import OfferList

GrantField = (
    Literal[
        "usable_from", "namespaces", "shares_registry_with", "mlflow", "cluster", "object_stores"
    ]
    | OfferList
)


@dataclass(frozen=True, slots=True)
class Grant:
    """``value`` is what the field must list or be: a namespace, a name that is readable, the name
    of an environment, a registry, a cluster, a folder in an object store.
    """

    side: Literal["production", "staging"]
    field: GrantField
    value: str

    def is_given_by(self, spec: MirrorEnvironmentSpec) -> bool:
        match self.field:
            case "usable_from":
                return self.value in spec.usable_from
            case "namespaces":
                return self.value in spec.namespaces
            case "shares_registry_with":
                return spec.shares_registry_with == self.value
            case "mlflow":
                return spec.mlflow is not None and spec.mlflow.registry == self.value
            case "cluster":
                return spec.kubeconfig == self.value
            case "object_stores":
                return spec.offering(self.value) is not None
            case _:
                return spec.readable.has(self.field, self.value)

    def missing_in(self, environment: str) -> str:
        """What is said where it is not given any more."""
        match self.field:
            case "usable_from":
                what = f"does not list namespace {self.value} in usableFrom"
            case "namespaces":
                what = f"does not list namespace {self.value} in namespaces"
            case "shares_registry_with":
                what = f"does not set sharesRegistryWith: {self.value}"
            case "mlflow":
                what = "does not name the same registry of MLflow"
            case "cluster":
                what = "does not name the same cluster"
            case "object_stores":
                what = f"does not list {self.value} in readable of an objectStores entry"
            case _:
                what = f"does not list {self.value} in readable.{to_camel(self.field)}"
        return f"environment {environment} {what} any more."
