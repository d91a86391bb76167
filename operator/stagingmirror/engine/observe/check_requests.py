"""Tokens: how a check or a refresh is requested now, and how it shows that it was answered.

A token of ``check-at`` or ``parity-at`` is echoed in the same write as a verdict whose every
observation began after the token was seen here, and all of whose parts were requested since. What
was requested and did not answer is reported as Unknown once it is older than ``staleAfter``; then
the echo is true as well.
Tokens that are there when a mirror is first seen (it has no status yet) request nothing: they are
echoed with its first verdict, and not obeyed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import HandledField
from stagingmirror.api.types.base import GROUP
from stagingmirror.drift.facts import Observation, Unseen, Why
from stagingmirror.drift.verdict import Held, Unknown
from stagingmirror.engine.context import Judged
from stagingmirror.view import Deep

CHECK_AT = f"{GROUP}/check-at"
REFRESH_AT = f"{GROUP}/refresh-at"
# Requests that samples are sent again as well.
PARITY_AT = f"{GROUP}/parity-at"
# A check token that starts so requests that the bytes of models are read again.
BYTES = "bytes:"
# Characters of a token that are echoed.
MAX_LENGTH = 256


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """A token that is not echoed yet, and when this process saw it (POSIX s). ``deep``: what it
    requests beside what is polled.
    """

    token: str
    since: float
    deep: Deep | None = None
    proven: float = inf
    """When everything that the mirror reads had been requested again (POSIX s)."""

    @property
    def was_there_first(self) -> bool:
        return self.since == -inf


@dataclass(slots=True)
class PendingCheck:
    """The token of one mirror in one annotation that is not answered yet. ``handled`` is the field
    of the status that echoes it.
    """

    annotation: str
    handled: HandledField
    _known: CheckRequest | None = None

    @property
    def is_open(self) -> bool:
        return self._known is not None

    def request(
        self, annotations: Mapping[str, str], status: MirrorStatus, now: float
    ) -> CheckRequest | None:
        """The token to answer, kept from its first sight on; None where none is open."""
        token = token_of(annotations, self.annotation)
        if token is None or token == getattr(status, self.handled):
            self._known = None
            return None
        if not status.conditions:
            return CheckRequest(token=token, since=-inf)
        if self._known is None or self._known.token != token:
            self._known = CheckRequest(token=token, since=now, deep=self._deep(token))
        return self._known

    def proven(self, request: CheckRequest, now: float) -> None:
        """Everything that this requests was requested again since; that had ended at ``now``. The
        same token in another annotation requests something else.
        """
        known = self._known
        if known is not None and (known.token, known.deep) == (request.token, request.deep):
            self._known = replace(known, proven=now)

    def _deep(self, token: str) -> Deep | None:
        if self.annotation == PARITY_AT:
            return "probe"
        return "bytes" if token.startswith(BYTES) else None


def token_of(annotations: Mapping[str, str], name: str) -> str | None:
    """The annotation's token as it is echoed; None where there is none."""
    return (annotations.get(name) or "")[:MAX_LENGTH] or None


def answered(
    request: CheckRequest, components: Iterable[Judged], *, stale_after: float, now: float
) -> bool:
    """Whether the verdict over these components, judged from what was known at ``now`` (POSIX s),
    answers the token.

    An observation's parts (a model's files) may be requested less often than it is made, so
    ``proven`` is not implied by when observations began. What was requested and gave no answer must
    be reported as Unknown.
    """
    if request.was_there_first:
        return True
    if request.proven <= now and all(_answers(each, request.since) for each in components):
        return True
    return request.deep is None and now > request.since + stale_after


def _answers(component: Judged, since: float) -> bool:
    match component.verdict:
        case Unknown() | Held(unseen=Why()):
            return True
        case _:
            return all(_is_newer(each, since) for each in component.observations)


def _is_newer(observation: Observation, since: float) -> bool:
    """Trouble: the newest request failed, and this is an older answer whose parts may be older."""
    return observation.began > since and (
        isinstance(observation, Unseen) or observation.trouble is None
    )
