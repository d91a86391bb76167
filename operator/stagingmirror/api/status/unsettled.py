"""Which mirrors ``settled-at`` does not speak of: their status could not be written.

The leader publishes them beside it, in its Lease, and ``check`` reads both. They are named by a
short hash: everybody may read the Lease. More of them than ``MOST`` are named by their namespaces,
so that the annotation stays small whatever one tenant does.
"""

from collections.abc import Iterable
from hashlib import sha256

from stagingmirror.api.types.base import GROUP

ANNOTATION = f"{GROUP}/unsettled"
MOST = 200


def written(mirrors: Iterable[tuple[str, str]]) -> str | None:
    """The annotation for these mirrors, by namespace and name; None: not even their namespaces
    can be named.
    """
    found = set(mirrors)
    names = {_short(f"{namespace}/{name}") for namespace, name in found}
    if len(names) > MOST:
        names = {_short(namespace) for namespace, _ in found}
    return " ".join(sorted(names)) if len(names) <= MOST else None


def named(annotation: str | None, namespace: str, name: str) -> bool:
    """Whether ``annotation`` leaves this mirror out of ``settled-at``."""
    return not {_short(f"{namespace}/{name}"), _short(namespace)}.isdisjoint(
        (annotation or "").split()
    )


def _short(text: str) -> str:
    """A collision makes one more mirror Unknown, never one less."""
    return sha256(text.encode()).hexdigest()[:10]
