"""Tokens: how somebody asks for a check or a refresh now, and learns that it was answered.

A token of ``check-at`` is echoed in the same write as a verdict whose every look began after the
token was seen here, and all of whose parts were asked since. What was asked and did not answer is
told as Unknown once it is older than ``staleAfter``; then the echo is true as well. Tokens that are
there when a mirror is first seen (it has no status yet) ask nothing: they are echoed with its first
verdict, and not obeyed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.types.base import GROUP
from stagingmirror.drift.facts import Observation, Unseen, Why
from stagingmirror.drift.verdict import Held, Unknown
from stagingmirror.engine.context import Judged

CHECK_AT = f"{GROUP}/check-at"
REFRESH_AT = f"{GROUP}/refresh-at"
BYTES = "bytes:"
"""A check token that starts so asks for the bytes of models to be read again."""
MAX_LENGTH = 256
"""Characters of a token that are echoed."""


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """A token of ``check-at`` that is not echoed yet, and when this process saw it (POSIX s)."""

    token: str
    since: float
    proven: float = inf
    """When everything that the mirror reads had been asked again (POSIX s)."""

    @property
    def was_there_first(self) -> bool:
        return self.since == -inf

    @property
    def read_bytes(self) -> bool:
        return self.token.startswith(BYTES)


@dataclass(slots=True)
class PendingCheck:
    """The check token of one mirror that is not answered yet."""

    _known: CheckRequest | None = None

    def request(
        self, annotations: Mapping[str, str], status: MirrorStatus, now: float
    ) -> CheckRequest | None:
        """The token to answer, remembered from its first sight on; None where none is open."""
        token = token_of(annotations, CHECK_AT)
        if token is None or token == status.handled_check_at:
            self._known = None
            return None
        if not status.conditions:
            return CheckRequest(token=token, since=-inf)
        if self._known is None or self._known.token != token:
            self._known = CheckRequest(token=token, since=now)
        return self._known

    def proven(self, token: str, now: float) -> None:
        """Everything was asked again since the token was seen; that had ended at ``now``."""
        if self._known is not None and self._known.token == token:
            self._known = replace(self._known, proven=now)


def token_of(annotations: Mapping[str, str], name: str) -> str | None:
    """The annotation's token as it is echoed; None where there is none."""
    return (annotations.get(name) or "")[:MAX_LENGTH] or None


def answered(
    asked: CheckRequest, components: Iterable[Judged], *, stale_after: float, now: float
) -> bool:
    """Whether the verdict over these components, judged from what was known at ``now`` (POSIX s),
    answers the token.

    A look's parts (a model's files) may be asked less often than the look is made, so ``proven`` is
    not implied by when looks began. What was asked and gave no answer must be told as Unknown.
    """
    if asked.was_there_first:
        return True
    if asked.proven <= now and all(_answers(each, asked.since) for each in components):
        return True
    return not asked.read_bytes and now > asked.since + stale_after


def _answers(component: Judged, since: float) -> bool:
    match component.verdict:
        case Unknown() | Held(unseen=Why()):
            return True
        case _:
            observations = component.observations
            return all(
                _is_newer(look, since) for look in (observations.production, observations.staging)
            )


def _is_newer(look: Observation, since: float) -> bool:
    """Trouble: the newest asking failed, and this is an older answer whose parts may be older."""
    return look.began > since and (isinstance(look, Unseen) or look.trouble is None)
