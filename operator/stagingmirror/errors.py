"""Errors, sorted by what happens next. Each carries a reason (CamelCase) and one sentence with what
to do.
"""


class StagingMirrorError(Exception):
    """Base: ``reason`` for machines, ``message`` for people. Never holds a credential or an
    upstream body.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class NotAnswered(StagingMirrorError):
    """Asking failed (refused, timed out, 5xx, garbage). Asked again later; past ``staleAfter`` it
    makes Unknown.
    """


class NotRead(NotAnswered):
    """Everything was asked, and the bytes of something could not be read: what rests on them says
    so.
    """


class NotAllowed(StagingMirrorError):
    """401 or 403: the answer is not about the thing. Never the same as absent."""


class NotThere(StagingMirrorError):
    """404 from the system that would have it: a direct read said so."""


class Conflicted(StagingMirrorError):
    """409: the object is not the one that was judged any more. Read again and judge again."""


class Refused(StagingMirrorError):
    """400 or 422, quota, a namespace that terminates: asking again is refused again."""


class NeedsHuman(StagingMirrorError):
    """Stalled: nothing changes until the resource, or something it names, changes."""


class CannotRefresh(StagingMirrorError):
    """One component cannot be made like production; it is left alone and told."""


class ChangedUnderneath(StagingMirrorError):
    """Somebody changed a field between judging and writing it: the refresh stops and rolls back."""


class StepFailed(StagingMirrorError):
    """A step of a refresh did not arrive: the refresh rolls back."""


class NotLeading(StagingMirrorError):
    """This process does not hold the Lease any more: nothing was written, another one goes on."""
