"""What a pod template refers to."""

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
