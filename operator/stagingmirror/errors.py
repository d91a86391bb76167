"""Errors, sorted by what happens next. Each has a reason (CamelCase) and one sentence with what to
do.
"""

from typing import ClassVar, Literal, NamedTuple


class Next(NamedTuple):
    """What a refresh does after an error of one of its steps.

    ``take``: while the step is taken. ``verify``: while it is verified. ``rollback``: while it is
    rolled back; ``leave`` names it as not rolled back, and goes on with the others.

    ``retry``: a later pass calls again, until the timeout of the refresh. ``retry briefly``: for
    20 s, then the refresh is rolled back. ``stop``: nothing more is done by this process.
    """

    take: Literal["retry", "retry briefly", "roll back", "stop"]
    verify: Literal["retry", "roll back", "stop"]
    rollback: Literal["retry", "leave", "stop"]


class StagingMirrorError(Exception):
    """Base: ``reason`` for machines, ``message`` for people. Never holds a credential or an
    upstream body.
    """

    next: ClassVar[Next]

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message

    def add_what(self, what: str) -> None:
        """Let the message begin with what it is about."""
        self.message = f"{what}: {self.message}"


class NotAnswered(StagingMirrorError):
    """A request failed (refused, timed out, 5xx, garbage). It is retried; older than
    ``staleAfter``, the last answer counts no more: Unknown.
    """

    next = Next(take="retry", verify="retry", rollback="retry")


class NotRead(NotAnswered):
    """Everything answered, and the bytes of something could not be read: what rests on them is
    Unknown.
    """


class NotAllowed(StagingMirrorError):
    """401 or 403: the answer is not about the object. Never the same as absent. An API server that
    starts answers so until it has read its rules.
    """

    next = Next(take="retry briefly", verify="retry", rollback="retry")


class NotThere(StagingMirrorError):
    """404 from the system that would have it, read directly."""

    next = Next(take="roll back", verify="roll back", rollback="leave")


class Conflicted(StagingMirrorError):
    """409: the object is not the one that was judged any more. It is read and judged again."""

    next = Next(take="retry", verify="retry", rollback="retry")


class Refused(StagingMirrorError):
    """400 or 422, quota, a namespace that terminates: the same request is refused again."""

    next = Next(take="roll back", verify="roll back", rollback="retry")


class NotSupported(StagingMirrorError):
    """The system answers, and has no such call: an older release, or one that was started without
    it. The same request finds the same. Of a call that it had before, a proxy speaks in its place
    while it is away: what was written is not given up for that.
    """

    next = Next(take="roll back", verify="retry", rollback="retry")


class NeedsHuman(StagingMirrorError):
    """Stalled: nothing changes until the resource, or something it names, changes."""

    next = Next(take="roll back", verify="roll back", rollback="retry")


class CannotRefresh(StagingMirrorError):
    """One component cannot be made like production; it is left alone, with the reason."""

    next = Next(take="roll back", verify="retry", rollback="retry")


class ChangedUnderneath(StagingMirrorError):
    """Somebody changed a field between our judging and our writing it."""

    next = Next(take="roll back", verify="roll back", rollback="leave")


class StepFailed(StagingMirrorError):
    """A step of a refresh did not arrive."""

    next = Next(take="roll back", verify="roll back", rollback="leave")


class NotBegun(StepFailed):
    """The same, found before this call sent any request to write."""


class NotLeading(StagingMirrorError):
    """This process does not hold the Lease any more: nothing was written, another one goes on."""

    next = Next(take="stop", verify="stop", rollback="stop")
