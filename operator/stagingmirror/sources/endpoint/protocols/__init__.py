"""The protocols of endpoints, by the name that an environment gives them. Importing this package
imports numpy, which takes 0.1 s: never at the start.
"""

from collections.abc import Mapping

from stagingmirror.sources.endpoint.protocols.json_objects import JsonObjects
from stagingmirror.sources.endpoint.protocols.protocol import Protocol

PROTOCOLS: Mapping[str, Protocol] = {each.name: each for each in (JsonObjects(),)}
