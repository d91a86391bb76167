"""MirrorInstallation: which installation of the operator this cluster belongs to."""

from typing import Annotated

from pydantic import Field

from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import Namespace


class MirrorInstallationSpec(Model):
    """Written by the operator, never by people. Only the installation that is named here leads."""

    namespace: Namespace
    """The operator's own namespace."""
    release: Annotated[str, Field(min_length=1, max_length=253)]
    """Name of the release: its Deployment and its ClusterRole have this name."""
