"""Specs of mirrors, read once per generation."""

from stagingmirror.api.mirror import StagingMirrorSpec
from stagingmirror.api.parse import parse_mirror
from stagingmirror.engine.case import MirrorKey
from stagingmirror.engine.fleet import Body
from stagingmirror.engine.mirror import key_of
from stagingmirror.errors import NeedsHuman

Generation = tuple[str, int]
"""uid and metadata.generation."""


class Specs:
    """Parsing costs more than judging; a generation is parsed once."""

    def __init__(self) -> None:
        self._known: dict[MirrorKey, tuple[Generation, StagingMirrorSpec | NeedsHuman]] = {}

    def of(self, body: Body) -> StagingMirrorSpec:
        """The spec. Raises NeedsHuman (InvalidSpec), naming the field and the remedy."""
        key = key_of(body)
        generation = (body["metadata"]["uid"], int(body["metadata"].get("generation") or 0))
        known = self._known.get(key)
        if known is None or known[0] != generation:
            known = (generation, _read(body))
            self._known[key] = known
        if isinstance(known[1], NeedsHuman):
            raise NeedsHuman(known[1].reason, known[1].message)
        return known[1]

    def readable(self, body: Body) -> StagingMirrorSpec | None:
        """The spec; None where it cannot be read."""
        try:
            return self.of(body)
        except NeedsHuman:
            return None

    def drop(self, key: MirrorKey) -> None:
        self._known.pop(key, None)


def _read(body: Body) -> StagingMirrorSpec | NeedsHuman:
    try:
        return parse_mirror(body)
    except NeedsHuman as error:
        return error
