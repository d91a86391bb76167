"""How a step of a refresh fails that writes to Kubernetes: before it has written, or because of
what became of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from stagingmirror.errors import NotAnswered, NotBegun, StepFailed
from stagingmirror.reasons import Reason


@contextmanager
def before_writing() -> Iterator[None]:
    """Around what comes before the first request to write. Raises NotBegun for StepFailed, unless
    that is about what was written earlier.
    """
    try:
        yield
    except StepFailed as error:
        if error.reason == Reason.REWRITTEN_BY_ADMISSION:
            raise
        raise NotBegun(error.reason, error.message) from None


def rewritten(field: str) -> StepFailed:
    """The error for a value of ours that admission replaced."""
    return StepFailed(
        Reason.REWRITTEN_BY_ADMISSION,
        f"an admission rule of the cluster (a policy or a webhook) changes {field} to something "
        "else than was written; let it admit production's value, or set mode: Report.",
    )


def not_proven(namespace: str) -> NotAnswered:
    """The error for a namespace that may be production's."""
    return NotAnswered(
        Reason.CLUSTER_NOT_PROVEN,
        f"namespace {namespace} is listed by a Production environment whose cluster is not proven "
        "to be another one than this, so nothing is written there yet; see the condition Ready of "
        "that environment.",
    )
