"""How long a 401 or 403 is retried: an API server that starts answers so to every request until it
has read its rules.
"""

from dataclasses import dataclass

# Seconds.
PATIENCE = 20.0


@dataclass(slots=True)
class Patience:
    """When one mirror was first refused, of refusals in a row. In memory: a new process begins to
    count anew.
    """

    _since: float | None = None

    def lasts(self, now: float) -> bool:
        """Refused again, at ``now`` (POSIX s): whether to retry."""
        if self._since is None:
            self._since = now
        return now < self._since + PATIENCE

    def renew(self) -> None:
        """It was not refused, or is retried no more."""
        self._since = None
