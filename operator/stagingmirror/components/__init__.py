"""The kinds of component: one file, or one folder, each."""

from stagingmirror.component import Catalogue
from stagingmirror.components.feature_parity import FeatureParityKind
from stagingmirror.components.index_snapshot import IndexSnapshotKind
from stagingmirror.components.model_alias import ModelAliasKind
from stagingmirror.components.model_files import ModelFilesKind
from stagingmirror.components.pipeline_image import PipelineImageKind
from stagingmirror.components.serving import ServingKind
from stagingmirror.components.setting import SettingKind

# Each kind by its name; the same names as in ``api.spec.kinds.KINDS``.
CATALOGUE: Catalogue = {
    "modelAlias": ModelAliasKind(),
    "pipelineImage": PipelineImageKind(),
    "setting": SettingKind(),
    "modelFiles": ModelFilesKind(),
    "indexSnapshot": IndexSnapshotKind(),
    "featureParity": FeatureParityKind(),
    "serving": ServingKind(),
}
