"""The view of one pass records what a mirror reads, and nothing that no source has."""

import pytest

from stagingmirror.drift.deploys import DeployKey
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapSubject
from stagingmirror.view import Subject
from support.kinds.builders import World, config_map
from support.kinds.recording import recording


class Unheard(tuple[str, ...], Subject[str]):
    """A subject that no source has."""

    __slots__ = ()


def test_what_no_source_has_is_an_error_and_nothing_to_subscribe_to() -> None:
    view, there = recording(World()), ConfigMapSubject(OWN, "ml-prod", "training-data")
    view.get(there)

    with pytest.raises(LookupError):
        view.get(Unheard(("a",)))

    assert view.everything() == {there}


def test_a_pass_has_one_answer_of_each_subject_in_all_its_parts_and_the_next_pass_another() -> None:
    world = World().add(config_map({"snapshot": "1"}))
    there = ConfigMapSubject(OWN, "ml-prod", "training-data")
    view = recording(world)
    first = view.part(DeployKey("data", "production")).get(there)

    world.add(config_map({"snapshot": "2"}))

    assert view.part(DeployKey("data", "staging")).get(there) is first
    assert view.planning("data").get(there) is first
    assert recording(world).get(there) != first
    assert view.parts[DeployKey("data", "staging")].subjects == {there}, (
        "each part subscribes to it"
    )
