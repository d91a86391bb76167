"""What time it is at a server, whatever this machine's clock shows."""

from email.utils import parsedate_to_datetime
from time import perf_counter


class ServerClock:
    """Follows the ``Date`` (RFC 9110) of a server's answers, which has whole seconds."""

    def __init__(self) -> None:
        self._ahead: float | None = None

    def answered(self, date: str | None, begun: float) -> None:
        """An answer to a request that began at ``begun`` (``perf_counter``)."""
        try:
            at = parsedate_to_datetime(date or "").timestamp()
        except ValueError:
            return
        # The latest that it can be there: the second may be nearly over, the request may have
        # arrived at once. Whoever judges ages by it takes nothing for younger than it is.
        self._ahead = at + 1.0 - begun

    def now(self) -> float | None:
        """POSIX s, at most a second and a request's duration late; None: no answer had a Date."""
        return None if self._ahead is None else self._ahead + perf_counter()
