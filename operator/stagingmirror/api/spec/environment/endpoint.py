"""Servers that both sides are given the same input by, and how much of it they bear."""

from typing import Annotated, Literal

from pydantic import Field

from stagingmirror.api.spec.environment.server import Server
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import (
    Duration,
    Key,
    Label,
    Namespace,
    ObjectName,
    Pointer,
    Rule,
    Size,
    at_least,
    at_most,
    more_than_nothing,
    unique,
)
from stagingmirror.api.types.workload import WorkloadKind

Protocol = Literal["JSON", "Feast", "OpenInference", "OpenAIEmbeddings", "MLflowScoring"]
Report = Literal["Counts", "Magnitudes"]


class SampleSource(Model):
    """A key of a ConfigMap."""

    namespace: Namespace
    """The ConfigMap's; the environment must list it in namespaces."""
    name: ObjectName
    """Name of the ConfigMap."""
    key: Key
    """The key that holds the samples."""


class OfferedSamples(Model):
    """What may be sent to an endpoint: one request per line, as JSON."""

    name: Label
    """The name by which a featureParity refers to them."""
    config_map: SampleSource
    """Where they are: at most 1,000 lines and 1 MiB. Nothing of them is shown or kept."""


class ServedBy(Model):
    """The workload whose pods answer for an endpoint."""

    kind: WorkloadKind
    """Kind of the workload."""
    namespace: Namespace
    """The workload's; the environment must list it in namespaces."""
    name: ObjectName
    """Name of the workload."""


class Endpoint(Server):
    """A server that is sent samples, and whose answers are compared with those of the other side.
    Requests carry the header X-StagingMirror-Probe, so that it knows them from those of users.
    """

    name: Label
    """Name of the endpoint, unique in the environment."""
    protocol: Protocol
    """JSON (any JSON, one request per sample), Feast (get-online-features), OpenInference
    (v2/models/NAME/infer), OpenAIEmbeddings (v1/embeddings), or MLflowScoring (invocations). url is
    the whole address of that request.
    """
    side_effect_free: bool = False
    """An admin's word that a request bills, logs and exposes nothing. Must be true for role
    Production.
    """
    max_requests_per_second: Annotated[int, Field(ge=1, le=1000)] = 5
    """Requests per second that this endpoint bears, of all mirrors together."""
    timeout: Annotated[
        Duration,
        at_least("100ms", "timeout must be at least 100ms, else nothing can answer"),
        at_most("1m", "timeout must be at most 1m, else what hangs is waited for too long"),
    ] = "2s"
    """How long one request may take, at most 1m."""
    max_response_bytes: Annotated[
        Size, more_than_nothing("maxResponseBytes must be more than 0, else no answer is read")
    ] = "1Mi"
    """The largest answer that is read, at most 8Mi."""
    min_interval: Annotated[
        Duration,
        at_least("1m", "minInterval must be at least 1m, else one mirror wears it out"),
        at_most("24h", "minInterval must be at most 24h, else verdicts rest on what was long ago"),
    ] = "15m"
    """No featureParity sends its samples more often than this, whatever its every is, but for a
    refresh and for what is requested by hand. At least 1m, at most 24h.
    """
    pointers: Annotated[tuple[Pointer, ...], unique(most=16)] = ()
    """JSON pointers (RFC 6901) into the answer to a GET of url, e.g. /data/0/id: the values that
    the endpoint of a setting may name, and that are shown and copied. None by default.
    """
    samples: Annotated[tuple[OfferedSamples, ...], unique("name", most=16)] = ()
    """What a featureParity may send to this endpoint, and, of production, to staging's. None by
    default.
    """
    served_by: ServedBy | None = None
    """The workload behind url. While it runs no pod nothing is sent, so that it is not woken,
    unless wake is true. Omitted: samples are sent whatever runs.
    """
    wake: bool = False
    """True: samples are sent also while servedBy runs no pod, which may start one."""
    report: Report | None = None
    """Production only: what people learn of a difference. Counts (default): how many of the samples
    differ. Magnitudes: also the largest difference and likely causes, from which whoever controls
    staging's answers learns production's values.
    """

    @property
    def connection(self) -> "Endpoint":
        """Only what leads to it, and how it is spoken with: without what may be sent."""
        return self.model_copy(update=_NOT_OF_THE_WAY)

    def offered(self, name: str) -> OfferedSamples | None:
        return next((each for each in self.samples if each.name == name), None)


# What says nothing of how an endpoint is reached.
_NOT_OF_THE_WAY: dict[str, object] = {
    "samples": (),
    "pointers": (),
    "report": None,
    "min_interval": "15m",
    "served_by": None,
    "wake": False,
}


def endpoint_named(name: str, endpoints: tuple[Endpoint, ...]) -> Endpoint | None:
    return next((each for each in endpoints if each.name == name), None)


def offered_samples(name: str, endpoints: tuple[Endpoint, ...]) -> bool:
    """Whether an ``endpoint/samples`` may be named."""
    endpoint, _, samples = name.partition("/")
    found = endpoint_named(endpoint, endpoints)
    return found is not None and found.offered(samples) is not None


def offered_pointer(name: str, endpoints: tuple[Endpoint, ...]) -> bool:
    """Whether an endpoint's name, followed by a pointer, may be named."""
    endpoint, slash, pointer = name.partition("/")
    found = endpoint_named(endpoint, endpoints)
    return found is not None and slash + pointer in found.pointers


ENDPOINT_RULES = (
    Rule(
        cel=(
            "!has(self.endpoints) || self.role != 'Production'"
            " || self.endpoints.all(e, has(e.sideEffectFree) && e.sideEffectFree)"
        ),
        message=(
            "an endpoint of role Production needs sideEffectFree: true, its admin's word that a"
            " request bills, logs and exposes nothing; set it, or remove the endpoint"
        ),
        holds=lambda spec: (
            spec.role != "Production" or all(each.side_effect_free for each in spec.endpoints)
        ),
    ),
    Rule(
        cel=(
            "!has(self.endpoints) || self.role == 'Production'"
            " || self.endpoints.all(e, !has(e.report))"
        ),
        message="report of endpoints is for role Production only; remove it here",
        holds=lambda spec: (
            spec.role == "Production" or all(each.report is None for each in spec.endpoints)
        ),
    ),
)
