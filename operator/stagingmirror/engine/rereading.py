"""The bytes of what a refresh brought are read again before it is called verified: a hash may be as
old as ``content.interval``, and moving an alias alone reads none.

Staging's only: production that does not answer now is no failure of this refresh.
"""

from collections.abc import Callable
from dataclasses import replace

from stagingmirror.drift.deploys import DeployKey
from stagingmirror.engine.applied import Judgement
from stagingmirror.engine.case import Case, MirrorKey
from stagingmirror.engine.looking import Looking
from stagingmirror.engine.record import Record
from stagingmirror.engine.wants import MODELS
from stagingmirror.view import Subject

ReadBytes = Callable[[MirrorKey, frozenset[Subject], float, float], bool]
"""Whether all bytes of these subjects were read after the third (POSIX s) and before the fourth,
when the pass began to look; starts reading where not.
"""


def reread(judgement: Judgement, case: Case, record: Record, read_bytes: ReadBytes) -> Judgement:
    """The judgement, or that it waits for bytes."""
    if judgement.waiting is not None or judgement.failed is not None:
        return judgement
    brought = _brought(case, record)
    if not brought or read_bytes(case.key, brought, record.started, case.now):
        return judgement
    versions = ", ".join(sorted(f"{s.name} of {s.namespace}" for s in brought if _is_version(s)))
    return replace(judgement, waiting=f"waits for the bytes of version {versions} to be read again")


def _brought(case: Case, record: Record) -> frozenset[Subject]:
    """What staging's registry was asked for the components that were applied."""
    if not isinstance(case.view, Looking):
        return frozenset()
    parts = case.view.parts
    keys = [DeployKey(name, "staging") for name in record.applied]
    read = {subject for key in keys if key in parts for subject in parts[key].subjects}
    return frozenset(s for s in read if s.kind in MODELS and s.where == record.environment)


def _is_version(subject: Subject) -> bool:
    return subject.kind == "ModelVersion"
