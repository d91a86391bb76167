"""What is asked for on behalf of all mirrors, and who hears of it."""

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.sources.kubernetes.subjects import OWN, WorkloadSubject
from stagingmirror.sources.mlflow.subjects import AliasSubject
from stagingmirror.sources.source import Source
from stagingmirror.view import Subject

MODEL = "fraud-detector"


def key(name: str) -> MirrorKey:
    return MirrorKey("ml-staging", name)


class Upstream:
    def __init__(self, subject: type, *, polled: bool) -> None:
        self.subjects, self.polled = frozenset({subject}), polled
        self.places: frozenset[type] = frozenset()
        self.wanted: dict[Subject[Any], float] = {}

    def want(self, subject: Subject[Any], period: float) -> None:
        self.wanted[subject] = period

    def unwant(self, subject: Subject[Any]) -> None:
        del self.wanted[subject]


ALIAS = AliasSubject("production", MODEL, "champion")
DEPLOYMENT = WorkloadSubject(OWN, "Deployment", "ml-prod", "features")


def subscriptions(leads: list[bool]) -> tuple[Subscriptions, Upstream, Upstream]:
    cluster = Upstream(WorkloadSubject, polled=False)
    registry = Upstream(AliasSubject, polled=True)
    sources = Sources(*(cast("Source[Any]", each) for each in (cluster, registry)))
    return Subscriptions(sources, leading=lambda: leads[0]), cluster, registry


def test_what_two_mirrors_read_is_asked_for_once_at_the_shorter_interval() -> None:
    all_, _, registry = subscriptions([True])

    all_.put(key("a"), dict.fromkeys([ALIAS], 30.0))
    all_.put(key("b"), dict.fromkeys([ALIAS], 5.0))
    assert registry.wanted == {ALIAS: 5}

    all_.drop(key("b"))
    assert registry.wanted == {ALIAS: 30}
    all_.put(key("a"), dict.fromkeys([DEPLOYMENT], 30.0))
    assert registry.wanted == {}


def test_each_subject_is_asked_for_as_often_as_those_want_who_read_it() -> None:
    all_, cluster, registry = subscriptions([True])

    all_.put(key("quick"), {DEPLOYMENT: 5.0})
    all_.put(key("slow"), {DEPLOYMENT: 60.0, ALIAS: 60.0})

    assert (cluster.wanted, registry.wanted) == ({DEPLOYMENT: 5.0}, {ALIAS: 60.0})
    all_.put(key("quick"), {DEPLOYMENT: 90.0})
    assert cluster.wanted == {DEPLOYMENT: 60.0}


WISHES = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.dictionaries(st.sampled_from([ALIAS, DEPLOYMENT]), st.sampled_from([5.0, 9.0, 30.0])),
    ),
    max_size=12,
)


@given(WISHES)
def test_what_is_asked_for_is_the_shortest_of_what_is_wanted_now(
    wishes: list[tuple[str, dict[Subject[Any], float]]],
) -> None:
    all_, cluster, registry = subscriptions([True])
    now: dict[str, dict[Subject[Any], float]] = {}
    for name, periods in wishes:
        if periods:
            all_.put(key(name), periods)
        else:
            all_.drop(key(name))
        now[name] = periods

        for subject in (ALIAS, DEPLOYMENT):
            wanted = [each[subject] for each in now.values() if subject in each]
            asked = (cluster.wanted | registry.wanted).get(subject)
            assert asked == min(wanted, default=None)


def test_a_subject_wakes_exactly_its_readers() -> None:
    all_, _, _ = subscriptions([True])
    all_.put(key("a"), dict.fromkeys([ALIAS, DEPLOYMENT], 30.0))
    all_.put(key("b"), dict.fromkeys([DEPLOYMENT], 30.0))
    all_.put(key("b"), dict.fromkeys([ALIAS], 30.0))

    assert all_.readers(DEPLOYMENT) == {key("a")}
    assert all_.readers(ALIAS) == {key("a"), key("b")}
    assert all_.readers(WorkloadSubject(OWN, "Deployment", "ml-prod", "other")) == frozenset()


def test_a_standby_watches_the_cluster_and_asks_no_registry_until_it_leads() -> None:
    leads = [False]
    all_, cluster, registry = subscriptions(leads)
    all_.put(key("a"), dict.fromkeys([ALIAS, DEPLOYMENT], 30.0))
    assert (set(cluster.wanted), registry.wanted) == ({DEPLOYMENT}, {})

    leads[0] = True
    all_.put(key("a"), dict.fromkeys([ALIAS, DEPLOYMENT], 30.0))

    assert registry.wanted == {ALIAS: 30}
