"""One side of a probe: what is sent, and where to."""

from dataclasses import dataclass, field

from stagingmirror.sources.endpoint.client import EndpointClient


@dataclass(frozen=True, slots=True)
class Side:
    """``digest`` changes with the server and with the samples; ``least``: seconds between two
    probes, at least.
    """

    client: EndpointClient
    protocol: str
    lines: tuple[str, ...] = field(repr=False)
    digest: str
    least: float
