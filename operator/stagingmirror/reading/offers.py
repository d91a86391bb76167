"""What both admins allow of the things that a track entry names, or that a kind finds."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from pydantic.alias_generators import to_camel

from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.offers import OfferList
from stagingmirror.component import Side
from stagingmirror.drift.facts import Why
from stagingmirror.reading.reading import Reading
from stagingmirror.reasons import Reason

# ``readable``: shown and copied. ``comparable``: only compared, sealed.
Consent = Literal["readable", "comparable"]

# A list of an environment, the folders that its object stores list, by URI, or what its endpoints
# list, by the endpoint's name with a JSON pointer after it.
Which = OfferList | Literal["object_stores", "pointers"]

_CALLED: dict[Which, str] = {
    "config_maps": "ConfigMap",
    "variables": "variable",
    "annotations": "annotation",
    "models": "registered model",
    "tags": "tag",
    "parameters": "parameter",
    "arguments": "argument",
    "object_stores": "folder",
    "pointers": "pointer",
}


class Named(NamedTuple):
    """One thing of one side."""

    side: Side
    which: Which
    name: str

    @property
    def is_readable(self) -> bool:
        if self.which == "object_stores":
            return self.side.spec.offering(self.name) is not None
        if self.which == "pointers":
            return self.side.spec.offers("pointers", self.name)
        return self.side.spec.readable.has(self.which, self.name)

    @property
    def is_comparable(self) -> bool:
        if self.which == "object_stores" or self.which == "pointers":
            return self.is_readable
        return self.side.spec.offers(self.which, self.name)


def readable_grants(things: Iterable[Named]) -> frozenset[Grant]:
    """That each of them is readable."""
    return frozenset(Grant(each.side.role, each.which, each.name) for each in things)


def consent(things: Iterable[Named]) -> Consent | None:
    """What is allowed of all of them; None: one of them is not offered at all."""
    every = tuple(things)
    if all(each.is_readable for each in every):
        return "readable"
    return "comparable" if all(each.is_comparable for each in every) else None


def not_offered(things: Iterable[Named]) -> Why | None:
    """Why one of them may not even be compared; None: each may."""
    for each in things:
        if not each.is_comparable and each.which == "object_stores":
            return Why(
                Reason.NOT_OFFERED,
                f"folder {each.name} is not listed in readable of its objectStores entry of "
                f'environment "{each.side.environment}", so it is not read; ask its owner to list '
                "it, or track something else.",
            )
        if not each.is_comparable and each.which == "pointers":
            endpoint, slash, pointer = each.name.partition("/")
            return Why(
                Reason.NOT_OFFERED,
                f"pointer {slash}{pointer} is not listed in pointers of endpoints entry {endpoint} "
                f'of environment "{each.side.environment}", so it is not read; ask its owner to '
                "list it, or track something else.",
            )
        if not each.is_comparable:
            field = to_camel(each.which)
            return Why(
                Reason.NOT_OFFERED,
                f"{_CALLED[each.which]} {each.name} is listed neither in readable.{field} nor in "
                f'comparable.{field} of environment "{each.side.environment}", so it is not read; '
                "ask its owner to list it, or track something else.",
            )
    return None


def not_readable(things: Iterable[Named]) -> Why | None:
    """Why one of them is neither shown nor copied; None: each may be."""
    for each in things:
        if not each.is_readable:
            return Why(
                Reason.NOT_READABLE,
                f"{_CALLED[each.which]} {each.name} is not listed in "
                f'readable.{to_camel(each.which)} of environment "{each.side.environment}"; its '
                "values are compared, but neither shown nor copied.",
            )
    return None


def refuse_not_offered(reading: Reading, things: Iterable[Named]) -> None:
    """To be called before any of it is read. Raises Ended (NotOffered)."""
    if (why := not_offered(things)) is not None:
        raise reading.unseen(why.reason, why.message)


def refuse_parts(
    reading: Reading, whole: str, side: Side, names: Iterable[str], *, shown: bool
) -> None:
    """Of a value that was made from these variables: each of them must be readable where the value
    is shown or copied, else comparable. Raises Ended (NotReadable, NotOffered).
    """
    parts = [Named(side, "variables", name) for name in sorted(names)]
    why = not_offered(parts) or (not_readable(parts) if shown else None)
    if why is not None:
        raise reading.unseen(
            why.reason, f"{whole} is made from another one, by $(NAME): {why.message}"
        )


def of_track(component: str, why: Why | None) -> Why | None:
    """The same, as the problem of a component."""
    return None if why is None else Why(why.reason, f"track[{component}]: {why.message}")
