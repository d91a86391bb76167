"""The protocols of endpoints, by the name that an environment gives them. Importing this package
imports numpy, which takes 0.1 s: never at the start.
"""

from collections.abc import Mapping

from stagingmirror.sources.endpoint.protocols.feast import Feast
from stagingmirror.sources.endpoint.protocols.json_objects import JsonObjects
from stagingmirror.sources.endpoint.protocols.mlflow_scoring import MLflowScoring
from stagingmirror.sources.endpoint.protocols.open_inference import OpenInference
from stagingmirror.sources.endpoint.protocols.openai_embeddings import OpenAIEmbeddings
from stagingmirror.sources.endpoint.protocols.protocol import Protocol

_ALL: tuple[Protocol, ...] = (
    JsonObjects(),
    Feast(),
    OpenInference(),
    OpenAIEmbeddings(),
    MLflowScoring(),
)
PROTOCOLS: Mapping[str, Protocol] = {each.name: each for each in _ALL}
