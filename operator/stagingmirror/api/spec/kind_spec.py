"""What the spec of every kind of component declares."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.types.base import Model

Mode = Literal["Refresh", "Report"]


class KindSpec(Model):
    """The spec of one kind: where production and staging have it, and how it is compared."""

    guards: ClassVar[tuple[str, ...]] = ()
    """Beginnings of names of facts: a refresh of the mirror after which one of them differs that
    did not differ before it is rolled back.
    """

    undivided: ClassVar[Mapping[str, str]] = {}
    """Beginnings of names of facts, each with that of guarded ones: of what differs as the first,
    and is no guarded fact of its own, nobody can tell whether it differs as the second.
    """

    @property
    @abstractmethod
    def default_mode(self) -> Mode:
        """The mode of an entry that names none."""

    @property
    def made_of(self) -> tuple[str, ...]:
        """Other components of the mirror that this one is made of: while one of them is held, this
        one is held too.
        """
        return ()

    def within(self, track: Mapping[str, "KindSpec"]) -> "KindSpec":
        """The same, with what it takes from other components of the mirror, by name."""
        return self

    def keeps(self, staging: MirrorEnvironmentSpec) -> int | None:
        """How many old copies that refreshes made stay; None: all of them. ``staging``: its
        environment.
        """
        return None
