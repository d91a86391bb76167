"""What every source must do. A new source is tested here unasked, once ``support.sources.sources``
has a world for it.
"""

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import fields
from itertools import chain, combinations
from typing import Any

import pytest

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.cli.operator.wiring import Operator
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.places import Place
from stagingmirror.engine.leader.installation import Installation, InstallationClaim
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.sealing import sealer
from stagingmirror.errors import NotRead
from stagingmirror.metrics import Metrics
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.view import Observed, Subject
from support.operators.waiting import holds
from support.sources.sources import EXAMPLES, SETTINGS, Example, World

every = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.source.name)
SUBJECTS = [*chain.from_iterable((*each.there, *each.missing) for each in EXAMPLES)]


class Foreign(Subject[str]):
    """A subject that no source has."""


async def known(world: World, example: Example) -> None:
    """Everything is wanted and has its first answer."""
    world.configure()
    for subject in (*example.there, *example.missing):
        world.source.want(subject, 30.0)
    await holds(lambda: all(map(world.is_answered, (*example.there, *example.missing))))


async def no_authorization() -> None:
    return None


async def test_every_source_of_the_operator_has_an_example_here() -> None:
    access = Login("http://127.0.0.1:1", None, no_authorization, "default")
    async with KubernetesClient(access, timeout=1.0) as client:
        operator = Operator(
            client,
            settings=SETTINGS,
            metrics=Metrics(clock=time.time, version="0"),
            seal=sealer(b"k" * 32),
            clock=time.time,
            claim=InstallationClaim(client, Installation("operator", "mirror")),
            lost=lambda: None,
        )
    sources = operator.sources.all

    assert {type(source) for source in sources} == {each.source for each in EXAMPLES}, (
        "give each source an Example in tests/support/sources/sources.py"
    )
    assert len({source.name for source in sources}) == len(sources)
    types = [type(subject) for subject in SUBJECTS]
    assert set(types) == set().union(*(source.subjects for source in sources))


def test_no_two_sources_answer_one_type_of_subject() -> None:
    for one, other in combinations(EXAMPLES, 2):
        assert not one.source.subjects & other.source.subjects


def test_every_place_is_of_one_source() -> None:
    places = [place for example in EXAMPLES for place in example.source.places]

    assert len(set(places)) == len(places)
    assert {each.__name__ for each in places} == {each.__name__ for each in Place.__subclasses__()}


@every
async def test_two_places_are_one_only_where_that_is_known(example: Example) -> None:
    async with example.world() as world:
        sources = Sources(world.source)
        for kind in example.source.places:
            names = {field.name: "x" for field in fields(kind)}
            place: Place = kind(**names)
            assert sources.same_place(place, kind(**names)) is True
            for name in names:
                other: Place = kind(**names | {name: "y"})
                may_be_one = other.anywhere() == place.anywhere()
                assert sources.same_place(place, other) is (None if may_be_one else False)


@every
async def test_two_spellings_are_two_places_only_where_the_system_distinguishes_them(
    example: Example,
) -> None:
    async with example.world() as world:
        sources = Sources(world.source)
        for kind in example.source.places:
            names = {field.name: "x" for field in fields(kind)}
            for name in names:
                same = sources.same_place(kind(**names), kind(**names | {name: "X "}))
                assert same is (None if example.server else False)


def test_subjects_are_keys_that_name_themselves() -> None:
    types: list[Any] = list({type(subject) for subject in SUBJECTS})
    alike = [
        each(**dict.fromkeys(set(each._fields) - set(each._field_defaults), "x")) for each in types
    ]

    assert len(set(alike)) == len(types), "tuples of equal fields are equal: name the kind of thing"
    assert len({str(subject) for subject in SUBJECTS}) == len(SUBJECTS)


@every
async def test_a_subject_of_another_source_is_an_error(example: Example) -> None:
    async with example.world() as world:
        others = [each for each in SUBJECTS if type(each) not in example.source.subjects]
        for foreign in (Foreign(), *others):
            with pytest.raises(LookupError):
                world.source.get(foreign)
        with pytest.raises(LookupError):
            Sources(world.source).get(Foreign())


@every
async def test_what_was_never_configured_wanted_or_answered_is_unseen(example: Example) -> None:
    async with example.world() as world:
        for subject in (*example.there, *example.missing):
            assert isinstance(world.source.get(subject), Unseen)
        world.configure()
        for subject in (*example.there, *example.missing):
            assert isinstance(world.source.get(subject), Unseen)


@every
async def test_what_exists_is_observed_and_what_does_not_is_proven_not_to(example: Example) -> None:
    async with example.world() as world, world.running():
        await known(world, example)

        assert all(world.value(subject) is not None for subject in example.there)
        assert all(world.value(subject) is None for subject in example.missing)
        assert set(example.there) <= set(world.changes)


@every
async def test_nobody_answering_is_unseen_and_never_absent_or_an_error(example: Example) -> None:
    async with example.world() as world, world.running():
        world.silent = True
        world.configure()
        subjects = (*example.there, *example.missing)
        for subject in subjects:
            world.source.want(subject, 0.2)
        await asyncio.sleep(0.5)
        await prove(world, subjects)

        for subject in subjects:
            assert isinstance(world.source.get(subject), Unseen)


@every
async def test_who_answers_no_more_leaves_the_old_answers_with_their_age_and_says_why(
    example: Example,
) -> None:
    async with example.world() as world, world.running():
        await known(world, example)
        before = {subject: world.source.get(subject) for subject in example.there}
        world.silent = True
        with suppress(NotRead):
            await prove(world, example.there, read_bytes=example.is_probed)

        for subject in example.there:
            former, now = before[subject], world.source.get(subject)
            assert isinstance(former, Observed)
            assert isinstance(now, Observed)
            assert (now.value, now.trouble is None) == (former.value, False)
            assert now.began <= former.began


@every
@pytest.mark.parametrize("read_bytes", [True, False])
async def test_what_was_proven_began_after_it_was_asked_for(
    example: Example, read_bytes: bool
) -> None:
    async with example.world() as world, world.running():
        await known(world, example)
        since = time.time()
        await prove(world, (*example.there, *example.missing), since, read_bytes=read_bytes)

        for subject in (*example.there, *example.missing):
            assert world.began(subject) >= since


@every
async def test_wants_need_not_be_balanced_and_nothing_of_them_is_left(example: Example) -> None:
    async with example.world() as world, world.running():
        for subject in example.there:
            world.source.unwant(subject)
        await known(world, example)
        for subject in SUBJECTS:
            if type(subject) in example.source.subjects:
                world.source.want(subject, 5.0)
                world.source.want(subject, 50.0)
                world.source.unwant(subject)
                world.source.unwant(subject)

        assert world.source.export() == {}


@every
async def test_what_is_exported_is_adopted_by_another_process(example: Example) -> None:
    async with example.world() as world, world.running():
        await known(world, example)
        exported = json.loads(json.dumps(world.source.export()))
    async with example.world() as later:
        later.configure()
        later.source.adopt({name: each for name, each in exported.items() if each is not None})
        for subject in (*example.there, *example.missing):
            later.source.want(subject, 30.0)

        assert later.source.export().keys() == exported.keys()
        for subject in (*example.there, *example.missing):
            assert isinstance(later.source.get(subject), Unseen), "kept, but not observed yet"


@every
async def test_nothing_that_is_damaged_is_adopted(example: Example) -> None:
    async with example.world() as world:
        junk: Any = {"": {}, "[1, 2]": {"seen": 1}, '["a", "b", "c", "ModelAlias"]': {"seen": "x"}}
        world.source.adopt(junk)

        assert world.source.export() == {}


@every
async def test_an_environment_that_goes_takes_its_answers_along(example: Example) -> None:
    async with example.world() as world, world.running():
        await known(world, example)
        world.configure()
        assert all(world.is_answered(subject) for subject in example.there)

        world.source.configure({}, {})

        for subject in (*example.there, *example.missing):
            assert isinstance(world.source.get(subject), Unseen)


@every
async def test_an_environment_without_the_system_has_no_answer_and_needs_no_secret(
    example: Example,
) -> None:
    async with example.world() as world:
        bare = MirrorEnvironmentSpec(role="Production")
        world.source.configure({"bare": bare}, {})

        assert world.source.secret(bare) is None
        assert world.source.answers("bare") is None
        assert world.source.answers("nowhere") is None


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.server])
async def test_credentials_that_cannot_be_used_are_why_nothing_is_observed(
    example: Example,
) -> None:
    why = Why("SecretMissing", "Secret mlflow does not exist.")
    async with example.world() as world:
        secret = world.spec.model_validate(
            {
                **world.spec.model_dump(by_alias=True, exclude_none=True),
                str(example.server): example.offered(
                    "http://127.0.0.1:1", {"credentialsSecretRef": {"name": "login"}}
                ),
            }
        )
        assert world.source.secret(secret) == example.secret
        world.source.configure({"production": secret}, {})
        assert world.source.answers("production") is None, "its Secret is not read yet"
        world.source.configure({"production": secret}, {"production": why})

        for subject in example.there:
            assert isinstance(found := world.source.get(subject), Unseen)
            assert found.why == why


async def prove(
    world: World,
    subjects: tuple[Subject[Any], ...],
    since: float | None = None,
    *,
    read_bytes: bool = False,
) -> None:
    since = time.time() if since is None else since
    await world.source.prove(frozenset(subjects), since=since, read_bytes=read_bytes)
