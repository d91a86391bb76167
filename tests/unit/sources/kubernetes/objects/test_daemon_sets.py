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
