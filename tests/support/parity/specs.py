"""Endpoints of an environment, and what is tracked of them, that must be taken or refused."""

from typing import Any

from support.resources.resources import Object, environment, mirror, model_alias, setting

ADDRESS = "http://features.ml-prod.svc:8080/get-online-features"
SAMPLES = {
    "name": "parity-samples",
    "configMap": {"namespace": "ml-prod", "name": "parity-samples", "key": "samples.jsonl"},
}


def endpoint(**fields: Any) -> Object:
    given = {
        "name": "features",
        "url": ADDRESS,
        "protocol": "Feast",
        "sideEffectFree": True,
        "samples": [SAMPLES],
    } | fields
    return {key: value for key, value in given.items() if value is not None}


def _production(**fields: Any) -> Object:
    return environment(endpoints=[endpoint(**fields)])


def _staging(**fields: Any) -> Object:
    return environment(role="Staging", endpoints=[endpoint(sideEffectFree=None, **fields)])


def parity(**fields: Any) -> Object:
    """An entry of track."""
    given = {"production": {"endpoint": "features"}, "samples": {"offered": "parity-samples"}}
    return {"name": "parity", "featureParity": given | fields}


def tracking(**fields: Any) -> Object:
    return mirror(track=[setting(), parity(**fields)])


def _feature(**fields: Any) -> Object:
    return tracking(features=[{"name": "amount"} | fields])


RIGHT: dict[str, Object] = {
    "the input example of a tracked model": mirror(
        track=[model_alias(), parity(samples={"inputExampleOf": "fraud-model"})]
    ),
    "input examples that may be sent": environment(readable={"inputExamples": ["fraud-*"]}),
    "an endpoint of production with samples": _production(),
    "an endpoint of staging that nobody vouches for": _staging(),
    "an endpoint with every field": _production(
        caBundle="x",
        proxyUrl="http://proxy.example:3128",
        credentialsSecretRef={"name": "features"},
        maxRequestsPerSecond=100,
        timeout="500ms",
        maxResponseBytes="8Mi",
        minInterval="1m",
        report="Magnitudes",
        servedBy={"kind": "InferenceService", "namespace": "ml-prod", "name": "features"},
        wake=True,
    ),
    "feature parity with every field": tracking(
        staging={"endpoint": "features", "samples": "masked"},
        every="5m",
        tolerance={"absolute": "1e-6", "relative": "0"},
        features=[
            {"name": "user_embedding", "as": "Embedding", "absolute": "1e-5", "cosine": "1e-5"},
            {"name": "last_login", "as": "Timestamp", "within": "60s"},
            {"name": "amount", "as": "Number", "relative": "0.01"},
            {"name": "country", "as": "Exact"},
            {"name": "debug_*", "ignore": "not used by the model"},
        ],
        minSamples=10,
        maxMismatches=3,
        latency={"maxRatio": "2", "atLeast": "5ms"},
        of=["training-data"],
    ),
}

WRONG: dict[str, tuple[Object, str]] = {
    "an endpoint of production that nobody vouches for": (
        _production(sideEffectFree=None),
        "an endpoint of role Production needs sideEffectFree: true",
    ),
    "an endpoint of production that has side effects": (
        _production(sideEffectFree=False),
        "an endpoint of role Production needs sideEffectFree: true",
    ),
    "a report of staging's endpoint": (
        _staging(report="Counts"),
        "report of endpoints is for role Production only",
    ),
    "an endpoint with a query": (
        _production(url=f"{ADDRESS}?full=1"),
        "url must be http:// or https:// with a host",
    ),
    "an endpoint that may take no time": (
        _production(timeout="1ms"),
        "timeout must be at least 100ms",
    ),
    "an endpoint whose answers are empty": (
        _production(maxResponseBytes="0"),
        "maxResponseBytes must be more than 0",
    ),
    "an endpoint that is hardly ever asked": (
        _production(minInterval="48h"),
        "minInterval must be at most 24h",
    ),
    "an endpoint that is asked on and on": (
        _production(minInterval="1s"),
        "minInterval must be at least 1m",
    ),
    "an endpoint of an unknown protocol": (_production(protocol="GraphQL"), "protocol"),
    "samples without a key": (
        _production(samples=[{"name": "s", "configMap": {"namespace": "ml-prod", "name": "s"}}]),
        "key",
    ),
    "production's own samples in the wrong place": (
        tracking(production={"endpoint": "features", "samples": "parity-samples"}),
        "production has its samples in samples.offered",
    ),
    "no samples at all": (tracking(samples={}), "give exactly one of offered and inputExampleOf"),
    "samples of two kinds": (
        mirror(
            track=[
                model_alias(),
                parity(samples={"offered": "parity-samples", "inputExampleOf": "fraud-model"}),
            ]
        ),
        "give exactly one of offered and inputExampleOf",
    ),
    "samples of staging's own beside an input example": (
        mirror(
            track=[
                model_alias(),
                parity(
                    samples={"inputExampleOf": "fraud-model"},
                    staging={"endpoint": "features", "samples": "masked"},
                ),
            ]
        ),
        "remove staging.samples, or give samples.offered",
    ),
    "feature parity that is to be refreshed": (
        mirror(track=[setting(), parity() | {"mode": "Refresh"}]),
        "featureParity is only compared",
    ),
    "the input example of a component that is no model": (
        tracking(samples={"inputExampleOf": "training-data"}),
        "inputExampleOf must be the name of a modelAlias in track",
    ),
    "an endpoint that may take minutes": (_production(timeout="5m"), "timeout must be at most 1m"),
    "samples that are hardly ever sent": (tracking(every="48h"), "every must be at most 24h"),
    "samples that are sent on and on": (tracking(every="1s"), "every must be at least 1m"),
    "a tolerance that is no number": (
        tracking(tolerance={"absolute": "little"}),
        "write a number as text",
    ),
    "a feature that is ignored and compared": (
        _feature(ignore="not used", absolute="1"),
        "a feature with ignore is not compared",
    ),
    "a cosine of a number": (
        _feature(cosine="1e-5", **{"as": "Number"}),
        "cosine is for as: Embedding only",
    ),
    "a time by which a number may be late": (
        _feature(within="60s"),
        "within is for as: Timestamp only",
    ),
    "a relative tolerance of a text": (
        _feature(relative="0.1", **{"as": "Exact"}),
        "relative is for as: Number only",
    ),
    "an absolute tolerance of a text": (
        _feature(absolute="0.1", **{"as": "Exact"}),
        "absolute is for as: Number and as: Embedding only",
    ),
    "more samples than are ever sent": (tracking(minSamples=2000), "minSamples"),
    "feature parity of a component that is not there": (
        tracking(of=["nobody"]),
        "of names a component that is not another one of track",
    ),
    "feature parity of itself": (
        tracking(of=["parity"]),
        "of names a component that is not another one of track",
    ),
}
