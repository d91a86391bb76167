"""Each protocol of an endpoint, with real servers."""

from typing import Any

from support.parity.feast_ground import FeastGround
from support.parity.ground import ParityGround
from support.parity.model_grounds import OpenInferenceGround, ScoringGround
from support.parity.plain_grounds import EmbeddingsGround, JsonGround

GROUNDS: tuple[type[ParityGround[Any]], ...] = (
    JsonGround,
    EmbeddingsGround,
    ScoringGround,
    OpenInferenceGround,
    FeastGround,
)
