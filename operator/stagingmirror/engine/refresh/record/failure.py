"""What a step failed with, where the same step would only fail again. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """``components``: those of the step. ``basis``: see ``ExecutableStep.basis``. ``timeout``: of
    the refresh (s), where that was too short.
    """

    why: str
    components: tuple[str, ...]
    basis: str = ""
    timeout: float | None = None

    @property
    def left(self) -> str:
        """Why the schedule leaves these components."""
        return (
            f"{self.why.rstrip('.')}. It failed so before, and the schedule does not try the same "
            "again; a refresh that is requested does."
        )

    def stands(self, basis: str, timeout: float) -> bool:
        """Whether it would fail again, with what the step rests on now."""
        return self.basis == basis and (self.timeout is None or timeout <= self.timeout)
