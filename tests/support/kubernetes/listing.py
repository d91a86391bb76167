"""Which namespaces environments list."""

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.sources.kubernetes.watch.source import KubernetesSource


def list_namespaces(source: KubernetesSource, *namespaces: str) -> None:
    """One environment lists these, and there is no other."""
    spec = {"role": "Staging", "usableFrom": ["ml-staging"], "namespaces": list(namespaces)}
    source.configure({"staging": MirrorEnvironmentSpec.model_validate(spec)}, {})
