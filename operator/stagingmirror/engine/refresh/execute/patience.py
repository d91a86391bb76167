"""How long a refusal is not taken for the last word: an API server that starts says 401 and 403 to
everybody until it has read its rules.
"""

PATIENCE = 20.0
"""Seconds."""


class Patience:
    """Per mirror when it was first refused, of refusals in a row. In memory: a new process is
    patient anew.
    """

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def lasts(self, uid: str, now: float) -> bool:
        """Refused again, at ``now`` (POSIX s): whether to ask once more."""
        return now < self._since.setdefault(uid, now) + PATIENCE

    def renew(self, uid: str) -> None:
        """It was not refused, or that was taken for the last word."""
        self._since.pop(uid, None)
