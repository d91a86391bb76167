"""What an environment's spec grants, one statement each: a refresh rests on some of them, and they
are read again before each of its writes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic.alias_generators import to_camel

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.index_store import masks, may_be_copied
from stagingmirror.api.spec.offers import OfferList

_Other = Literal[
    "usable_from",
    "namespaces",
    "shares_registry_with",
    "mlflow",
    "cluster",
    "object_stores",
    "index_aliases",
    "index_copies",
    "masked_index_copies",
    "masking_job",
    "pointers",
]
GrantField = _Other | OfferList


@dataclass(frozen=True, slots=True)
class Grant:
    """``value`` is what the field must list or be: a namespace, a name that is readable, the name
    of an environment, a registry, a cluster, a folder in an object store, ``store/alias``, an index
    store, ``store: job``, an endpoint's name with a JSON pointer after it.
    """

    side: Literal["production", "staging"]
    field: GrantField
    value: str

    def is_given_by(self, spec: MirrorEnvironmentSpec) -> bool:
        known = _KNOWN.get(self.field)
        if known is not None:
            return known.is_given(spec, self.value)
        return spec.readable.has(self.field, self.value)  # type: ignore[arg-type]

    def missing_in(self, environment: str) -> str:
        """What is said where it is not given any more."""
        known = _KNOWN.get(self.field)
        if known is not None:
            what = known.missing.format(self.value)
        else:
            what = f"does not list {self.value} in readable.{to_camel(self.field)}"
        return f"environment {environment} {what} any more."


class _Known(NamedTuple):
    """``missing`` has ``{}`` for the value."""

    is_given: Callable[[MirrorEnvironmentSpec, str], bool]
    missing: str


# By field; the others are lists of ``readable``.
_KNOWN: Mapping[GrantField, _Known] = {
    "usable_from": _Known(
        lambda spec, value: value in spec.usable_from, "does not list namespace {} in usableFrom"
    ),
    "namespaces": _Known(
        lambda spec, value: value in spec.namespaces, "does not list namespace {} in namespaces"
    ),
    "shares_registry_with": _Known(
        lambda spec, value: spec.shares_registry_with == value,
        "does not set sharesRegistryWith: {}",
    ),
    "mlflow": _Known(
        lambda spec, value: spec.mlflow is not None and spec.mlflow.registry == value,
        "does not name the same registry of MLflow",
    ),
    "cluster": _Known(
        lambda spec, value: spec.kubeconfig == value, "does not name the same cluster"
    ),
    "object_stores": _Known(
        lambda spec, value: spec.offering(value) is not None,
        "does not list {} in readable of an objectStores entry",
    ),
    "index_aliases": _Known(
        lambda spec, value: spec.offers("index_aliases", value),
        "does not list {} in aliases of that indexStores entry",
    ),
    "index_copies": _Known(
        lambda spec, value: may_be_copied(value, spec.index_stores, masked=False),
        "does not set copies: Allowed in indexStores entry {}",
    ),
    "masked_index_copies": _Known(
        lambda spec, value: may_be_copied(value, spec.index_stores, masked=True),
        "sets neither copies: AfterJob nor Allowed in indexStores entry {}",
    ),
    "pointers": _Known(
        lambda spec, value: spec.offers("pointers", value),
        "does not list {} in pointers of an endpoints entry",
    ),
    "masking_job": _Known(
        lambda spec, value: masks(value, spec.index_stores),
        "does not have the maskingJob of indexStores entry {}",
    ),
}
