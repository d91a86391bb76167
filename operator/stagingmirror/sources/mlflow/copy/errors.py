"""What a failed call to the destination of a copy means for a refresh."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from stagingmirror.errors import (
    Conflicted,
    NotAllowed,
    NotAnswered,
    NotSupported,
    NotThere,
    Refused,
    StagingMirrorError,
    StepFailed,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.transfer import SourceFailed


@asynccontextmanager
async def destination_errors() -> AsyncIterator[None]:
    """Translates what calls to the destination raise. NotAnswered stays: a retry may help; but
    MLflow's own failure (500) does not pass by itself.
    """
    try:
        yield
    except SourceFailed as failed:
        raise failed.error from None
    except NotAllowed as error:
        raise _failed(Reason.REGISTRY_FORBIDDEN, error, "it needs to create versions") from error
    except Refused as error:
        reason = (
            Reason.REGISTRY_FULL if error.reason == Reason.STORAGE_FULL else Reason.REGISTRY_REFUSED
        )
        raise _failed(reason, error, "the copy cannot be stored there") from error
    except NotSupported as error:
        raise _failed(error.reason, error, "a copy needs it") from error
    except (Conflicted, NotThere) as error:
        raise _failed(Reason.REGISTRY_CHANGED, error, "it was changed meanwhile") from error
    except NotAnswered as error:
        if error.reason != Reason.SERVER_ERROR:
            raise
        raise _failed(Reason.REGISTRY_FAILED, error, "is its storage full or read-only?") from error


def _failed(reason: str, error: StagingMirrorError, hint: str) -> StepFailed:
    return StepFailed(reason, f"{error.message}; {hint}")
