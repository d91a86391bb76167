"""A DaemonSet is settled where its controller counts all pods as of the newest template."""

import pytest

from support.kubernetes.cluster_bodies import Body, daemon_set, names, pod, seen, why


def test_its_pods_count_where_all_are_of_the_newest_template() -> None:
    agent = daemon_set(replicas=2, revision="3")

    found = seen(agent, pod(agent, "b", revision="x"), pod(agent, "a", revision="x"))

    assert (names(found), why(found), found.revision) == (["a", "b"], None, "3")


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"updated": 1, "pods": 2}, "RollingOut"),
        ({"generation": 2, "observed": 1}, "RollingOut"),
        ({"updated": 0, "strategy": {"type": "OnDelete"}}, "OnDelete"),
    ],
)
def test_is_not_settled_while_pods_of_another_template_run(how: Body, reason: str) -> None:
    agent = daemon_set(**how)

    assert why(seen(agent, pod(agent, "a", revision="x"))) == reason


def test_pods_that_are_called_differently_are_of_two_templates_whatever_is_counted() -> None:
    agent = daemon_set(replicas=2)

    found = seen(agent, pod(agent, "a", revision="x"), pod(agent, "b", revision="y"))

    assert why(found) == "RollingOut"


def test_without_a_node_it_wants_no_pods() -> None:
    found = seen(daemon_set(replicas=0))

    assert (why(found), found.no_pods) == (None, "no node is to run it")


def test_pods_that_were_counted_and_are_not_seen_yet_are_not_taken_to_be_the_former_ones() -> None:
    agent = daemon_set(replicas=2, revision="3")
    former = [pod(agent, name, revision="x", made_for="2") for name in ("a", "b")]
    newest = pod(agent, "c", revision="y", made_for="3")

    assert why(seen(agent, *former)) == "RollingOut"
    assert why(seen(agent, former[0], newest)) == "RollingOut"
    assert why(seen(agent, newest)) is None


def test_a_former_template_that_is_the_newest_again_counts_once_a_pod_was_made_for_it() -> None:
    agent = daemon_set(replicas=2, revision="3")
    kept = pod(agent, "a", revision="x", made_for="1")

    found = seen(agent, kept, pod(agent, "b", revision="x", made_for="3"))

    assert (names(found), why(found)) == (["a", "b"], None)
