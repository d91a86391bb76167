"""A status made of a report, and what its conditions say."""

from typing import Any

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import Report
from stagingmirror.api.status.status import status_in_pieces
from stagingmirror.drift.deploys import Deploy, DeployKey
from support.kinds.observations import NOW

Status = dict[str, Any]


def status_of(
    of: Report, *, now: float, previous: MirrorStatus | None, trust_previous: bool
) -> MirrorStatus:
    """The status of this report, without a pause."""
    pieces = status_in_pieces(of, now=now, previous=previous, trust_previous=trust_previous)
    while True:
        try:
            next(pieces)
        except StopIteration as ended:
            status: MirrorStatus = ended.value
            return status


def status(
    of: Report, previous: Status | None = None, *, now: float = NOW, trust: bool = True
) -> Status:
    """As the API has it."""
    before = None if previous is None else MirrorStatus.read(previous)
    return status_of(of, now=now, previous=before, trust_previous=trust).dump()


def condition(of: Status, type_: str) -> dict[str, Any] | None:
    return next((each for each in of["conditions"] if each["type"] == type_), None)


def of_condition(of: Status, type_: str) -> str | None:
    found = condition(of, type_)
    return None if found is None else str(found["status"])


def deployed(name: str, fact: str = "1") -> Deploy:
    revisions = {f"Deployment {name}": "r1"}
    return Deploy(DeployKey(name, "staging"), revisions, (f"Deployment {name}",), NOW, {"a": fact})
