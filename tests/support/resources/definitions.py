"""Our definitions on an API server."""

from rig.kube import Kube, Refused
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from support.resources import resources


def install(kube: Kube) -> None:
    """The definitions, answering: one is told as established a moment before it does."""
    resources.install_crds(kube)
    kinds = ("StagingMirror", "MirrorEnvironment", "MirrorHold", "MirrorInstallation")
    until(lambda: all(_answers(kube, kind) for kind in kinds), within=30, what="no storage")


def _answers(kube: Kube, kind: str) -> bool:
    try:
        kube.list(API_VERSION, kind)
    except Refused:
        return False
    return True
