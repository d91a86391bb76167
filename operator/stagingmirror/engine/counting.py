"""What a queue tells about itself, with controller-runtime's meaning of each figure."""

from typing import Protocol


class Counting(Protocol):
    """Receives each change; times are seconds."""

    def added(self, *, depth: int) -> None: ...

    def taken(self, *, waited: float, depth: int) -> None: ...

    def done(self, *, worked: float) -> None: ...

    def retried(self) -> None: ...

    def depth(self, value: int) -> None: ...


class NotCounting:
    """For a queue that nobody asks."""

    def added(self, *, depth: int) -> None:
        """Nothing."""

    def taken(self, *, waited: float, depth: int) -> None:
        """Nothing."""

    def done(self, *, worked: float) -> None:
        """Nothing."""

    def retried(self) -> None:
        """Nothing."""

    def depth(self, value: int) -> None:
        """Nothing."""
