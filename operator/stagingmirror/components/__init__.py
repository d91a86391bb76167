"""The eyes: one file, or one folder, per kind; ``CATALOGUE`` names them all."""

from stagingmirror.component import Catalogue
from stagingmirror.components.model_alias import ModelAliasKind
from stagingmirror.components.pipeline_image import PipelineImageKind
from stagingmirror.components.setting import SettingKind

CATALOGUE: Catalogue = {
    "modelAlias": ModelAliasKind(),
    "pipelineImage": PipelineImageKind(),
    "setting": SettingKind(),
}
