"""The kinds of component: what an entry of ``track`` can be."""

from collections.abc import Mapping
from typing import get_args

from stagingmirror.api.spec.kind_spec import KindSpec
from stagingmirror.api.spec.track.feature_parity import FeatureParity
from stagingmirror.api.spec.track.index_snapshot import IndexSnapshot
from stagingmirror.api.spec.track.model_alias import ModelAlias
from stagingmirror.api.spec.track.model_files import ModelFiles
from stagingmirror.api.spec.track.pipeline_image import PipelineImage
from stagingmirror.api.spec.track.serving import Serving
from stagingmirror.api.spec.track.setting import Setting
from stagingmirror.api.types.base import Model


class Kinds(Model):
    """One field per kind: its name in camelCase is the kind, its type the spec. ``Track``, its rule
    and the CRD are made from these fields.
    """

    model_alias: ModelAlias | None = None
    """A registered model's alias in MLflow, and the workloads that load the version it names."""
    pipeline_image: PipelineImage | None = None
    """Which image a workload really runs."""
    setting: Setting | None = None
    """Any named value: a ConfigMap's key, a container's variable or argument, an annotation, or one
    that an endpoint answers.
    """
    model_files: ModelFiles | None = None
    """A model's files in an object store, as workloads load them."""
    index_snapshot: IndexSnapshot | None = None
    """The index that search is served from."""
    feature_parity: FeatureParity | None = None
    """Whether both sides make the same vectors of the same input."""
    serving: Serving | None = None
    """How a workload serves: replicas, resources, nodes, autoscaling, flags of its server."""


# The spec model of each kind, by the kind's name.
KINDS: Mapping[str, type[KindSpec]] = {
    str(field.alias): get_args(field.annotation)[0] for field in Kinds.model_fields.values()
}
