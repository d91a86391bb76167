"""What a pod template refers to."""

from stagingmirror.drift.command.words import MAX_CHARACTERS, MAX_WORDS, Words
from stagingmirror.sources.kubernetes.objects import parse
from support.kubernetes.cluster_bodies import container, deployment, pod_spec


def test_the_config_maps_that_a_template_refers_to_are_known_wherever_it_does() -> None:
    volumes = [
        {"name": "a", "configMap": {"name": "files"}},
        {"name": "b", "projected": {"sources": [{"configMap": {"name": "parts"}}, {"secret": {}}]}},
        {"name": "c", "emptyDir": {}},
    ]
    app = container(
        envFrom=[{"configMapRef": {"name": "all"}}, {"secretRef": {"name": "login"}}],
        env=[
            {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "one", "key": "k"}}},
            {"name": "B", "value": "b"},
        ],
    )
    first = container(envFrom=[{"configMapRef": {"name": "before"}}]) | {"name": "first"}
    spec = pod_spec(app) | {"volumes": volumes, "initContainers": [first]}

    found = parse.deployment(deployment(spec=spec)).config_maps

    assert found == {"files", "parts", "all", "one", "before"}


def test_the_words_of_a_container_are_kept_as_they_are_declared() -> None:
    app = container(command=["vllm", "serve"], args=["$(MODEL)", "--max-model-len=4096"])

    found = parse.deployment(deployment(spec=pod_spec(app))).containers["app"].words

    assert found == Words(("vllm", "serve"), ("$(MODEL)", "--max-model-len=4096"))


def test_another_argument_makes_another_container() -> None:
    one, other, same = (
        parse.deployment(deployment(spec=pod_spec(container(args=["--revision", text]))))
        for text in ("a", "b", "a")
    )

    assert one.containers != other.containers
    assert one.containers is same.containers


def test_more_words_than_are_read_are_not_kept() -> None:
    many = container(args=["x"] * (MAX_WORDS + 1))
    long = container(args=["x" * MAX_CHARACTERS, "x"])

    for app in (many, long):
        assert parse.deployment(deployment(spec=pod_spec(app))).containers["app"].words is None
