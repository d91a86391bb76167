"""What an admin offers of one side by name: what may be shown and copied, and what may only be
compared.
"""

import re
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field

from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import FlagPattern, VariableName, shape, unique
from stagingmirror.patterns import matches as fits

# The lists of an offer, as attributes of ``Offers``.
OfferList = Literal[
    "config_maps", "variables", "annotations", "models", "tags", "parameters", "arguments"
]

# What may be named of an environment: in its lists, ``store/alias`` of its index stores,
# ``endpoint/samples``, an endpoint's name with a JSON pointer after it, or a model whose input
# example may be sent.
OfferName = OfferList | Literal["index_aliases", "samples", "pointers", "input_examples"]

# Annotations in which tools keep whole manifests, the values of all variables included: a pattern
# that is meant for others does not mean them.
_MANIFESTS = frozenset(
    {
        "kapp.k14s.io/original",
        "kubectl.kubernetes.io/last-applied-configuration",
        "objectset.rio.cattle.io/applied",
    }
)

# Words of a flag's name by which it takes a credential, e.g. --api-key and --hf-token.
_CREDENTIALS = frozenset(
    {"auth", "credential", "credentials", "key", "keys", "passwd", "password", "secret", "token"}
)
_BETWEEN_WORDS = re.compile(r"[-_.]+")

_ConfigMapPattern = Annotated[
    str,
    Field(min_length=1, max_length=253),
    shape(r"^[-a-z0-9.*]+$", "write the object's exact name (metadata.name), or one with *"),
]
_AnnotationPattern = Annotated[
    str,
    Field(min_length=1, max_length=317),
    shape(
        r"^([a-z0-9.*-]+/)?[-._A-Za-z0-9*]+$",
        "write an annotation's whole key, e.g. example.com/snapshot, or one with *",
    ),
]
_ModelPattern = Annotated[
    str,
    Field(min_length=1, max_length=256),
    shape(r"^[^/:]+$", "MLflow's names of models contain neither '/' nor ':'"),
]
_LoggedName = Annotated[str, Field(min_length=1, max_length=250)]


class Offers(Model):
    """Names; a ``*`` in one stands for any characters."""

    config_maps: Annotated[tuple[_ConfigMapPattern, ...], unique(most=256)] = ()
    """Names of ConfigMaps; * stands for any characters, here and in the other lists."""
    variables: Annotated[tuple[VariableName, ...], unique(most=256)] = ()
    """Names of containers' environment variables."""
    annotations: Annotated[tuple[_AnnotationPattern, ...], unique(most=256)] = ()
    """Keys of workloads' annotations. One in which a tool keeps a whole manifest, such as
    kubectl.kubernetes.io/last-applied-configuration, is only meant where it stands here as it is.
    """
    models: Annotated[tuple[_ModelPattern, ...], unique(most=256)] = ()
    """Names of registered models."""
    tags: Annotated[tuple[_LoggedName, ...], unique(most=256)] = ()
    """Keys of the tags of model versions and of their runs."""
    parameters: Annotated[tuple[_LoggedName, ...], unique(most=256)] = ()
    """Names of the parameters of runs."""
    arguments: Annotated[tuple[FlagPattern, ...], unique(most=256)] = ()
    """Flags of containers' commands and arguments, with their dashes and without a value, e.g.
    --tokenizer-revision. One that by its name takes a credential, such as --api-key, is only
    meant where it stands here as it is. In comparable, script (as it is): a script that starts a
    serving container, compared as one text and never shown.
    """

    def has(self, which: OfferList, name: str) -> bool:
        """Whether this list has the name."""
        patterns: tuple[str, ...] = getattr(self, which)
        if _is_meant_by_name_alone(which, name):
            return name in patterns
        return matches(patterns, name)


def _is_meant_by_name_alone(which: OfferList, name: str) -> bool:
    if which == "arguments":
        return not _CREDENTIALS.isdisjoint(_BETWEEN_WORDS.split(name.lower()))
    return which == "annotations" and name in _MANIFESTS


class Readable(Offers):
    """What may be shown and copied."""

    input_examples: Annotated[tuple[_ModelPattern, ...], unique(most=256)] = ()
    """Names of registered models whose logged input example may be sent to endpoints of both sides.
    """


class Comparable(Offers):
    """What may be compared, and is neither shown nor written: people then learn only whether it is
    equal.
    """


@lru_cache(maxsize=8192)
def matches(patterns: tuple[str, ...], name: str) -> bool:
    """Whether one of the patterns is this name. Each pass asks for the same names again, of a run's
    parameters for hundreds.
    """
    return any(fits(each, name) for each in patterns)


def matches_all(lists: tuple[tuple[str, ...], ...], name: str) -> bool:
    """Whether each of these lists has the name; without a list it is not allowed."""
    return bool(lists) and all(matches(each, name) for each in lists)
