"""Which namespaces environments list."""

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.sources.kubernetes.watch.source import KubernetesSource


def list_namespaces(source: KubernetesSource, *namespaces: str, least: str = "10s") -> None:
    """One environment lists these, with ``least`` as its minCheckInterval; there is no other."""
    spec = {
        "role": "Staging",
        "usableFrom": ["ml-staging"],
        "namespaces": list(namespaces),
        "minCheckInterval": least,
    }
    source.watch([MirrorEnvironmentSpec.model_validate(spec)])
