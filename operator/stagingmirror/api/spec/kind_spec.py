"""What the spec of every kind of component declares."""

from abc import abstractmethod
from typing import Literal

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.types.base import Model

Mode = Literal["Refresh", "Report"]


class KindSpec(Model):
    """The spec of one kind: where production and staging have it, and how it is compared."""

    @property
    @abstractmethod
    def default_mode(self) -> Mode:
        """The mode of an entry that names none."""

    def keeps(self, staging: MirrorEnvironmentSpec) -> int | None:
        """How many old copies that refreshes made stay; None: all of them. ``staging``: its
        environment.
        """
        return None
