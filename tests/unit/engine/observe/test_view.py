"""The view of one pass records what a mirror reads, and nothing that no source has."""

import pytest

from stagingmirror.sources.kubernetes.subjects import ConfigMapSubject
from stagingmirror.view import Subject
from support.kinds.builders import World
from support.kinds.recording import recording


class Unheard(tuple[str, ...], Subject[str]):
    """A subject that no source has."""

    __slots__ = ()


def test_what_no_source_has_is_an_error_and_nothing_to_subscribe_to() -> None:
    view, there = recording(World()), ConfigMapSubject("ml-prod", "training-data")
    view.get(there)

    with pytest.raises(LookupError):
        view.get(Unheard(("a",)))

    assert view.everything() == {there}
