"""Views that record what is read of a world."""

from hashlib import sha256
from typing import Any, cast

from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.observe.view import RecordingView, Scope
from stagingmirror.sources.source import Source
from support.kinds.builders import STAGING, World


def sources_of(world: object) -> Sources:
    """The one source of a world."""
    return Sources(cast("Source[Any]", world))


def recording(world: World) -> RecordingView:
    return RecordingView(
        sources_of(world),
        lambda scope, value: f"hmac-sha256:{sha256(repr((scope, value)).encode()).hexdigest()}",
        Scope(STAGING, "uid"),
        is_production=world.is_production,
        clock_margin=world.clock_margin,
    )
