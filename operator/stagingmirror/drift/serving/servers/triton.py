"""NVIDIA Triton Inference Server.

https://github.com/triton-inference-server/server/blob/main/src/command_line_parser.cc
It has no defaults here: the tags of its images are dates, not versions.
"""

from dataclasses import replace
from typing import Final

from stagingmirror.drift.serving import values
from stagingmirror.drift.serving.flags import (
    ANY_ORDER,
    INTEGER,
    NUMBER,
    PRIVATE,
    SETTINGS,
    SWITCH,
    TEXT,
    TRUTH,
    Kind,
    Table,
    flags,
)
from stagingmirror.drift.serving.values import FALSE, TRUE

_TEXT = """
backend-directory cache-directory grpc-address grpc-header-forward-pattern
grpc-infer-response-compression-level grpc-root-cert grpc-server-cert grpc-server-key http-address
http-header-forward-pattern id log-file log-format metrics-address model-control-mode rate-limit
repoagent-directory sagemaker-safe-port-range trace-file vertex-ai-default-model
"""
_INTEGER = """
buffer-manager-thread-count exit-timeout-secs
grpc-http2-max-ping-strikes grpc-http2-max-pings-without-data
grpc-http2-min-recv-ping-interval-without-data grpc-infer-allocation-pool-size
grpc-infer-thread-count grpc-keepalive-time grpc-keepalive-timeout grpc-max-connection-age
grpc-max-connection-age-grace grpc-max-response-pool-size grpc-port http-max-input-size http-port
http-thread-count metrics-port model-load-retry-count model-load-thread-count
pinned-memory-pool-byte-size repository-poll-secs response-cache-byte-size sagemaker-port
sagemaker-thread-count trace-count trace-log-frequency trace-rate vertex-ai-port
vertex-ai-thread-count
"""
_TRUTH = """
allow-cpu-metrics allow-gpu-metrics allow-grpc allow-http allow-metrics allow-sagemaker
allow-vertex-ai enable-peer-access exit-on-error grpc-keepalive-permit-without-calls grpc-use-ssl
grpc-use-ssl-mutual log-error log-info log-warning model-namespacing reuse-grpc-port
reuse-http-port strict-model-config strict-readiness
"""
_FLAGS: Final = {
    **flags(TEXT, _TEXT),
    **flags(INTEGER, _INTEGER),
    **flags(NUMBER, "metrics-interval-ms min-supported-compute-capability"),
    **flags(Kind(values.one_of({TRUE: "1", FALSE: "0"})), "log-verbose"),
    **flags(TRUTH, _TRUTH),
    **flags(replace(SWITCH, takes="none"), "disable-auto-complete-config"),
    # Sets: neither the order nor how often counts.
    **flags(ANY_ORDER, "model-repository,--model-store load-model trace-level"),
    **flags(replace(ANY_ORDER, read=values.lower), "rate-limit-resource"),
    # ``<backend>,<setting>=<value>``: the last one of each setting counts.
    **flags(SETTINGS, "backend-config cache-config host-policy metrics-config trace-config"),
    # ``<device>:<size>``: the last one of each device counts.
    **flags(
        replace(SETTINGS, between=":"),
        "cuda-memory-pool-byte-size cuda-virtual-address-size model-load-gpu-limit",
    ),
    # ``<APIs>,<header>=<value that callers must send>``.
    **flags(PRIVATE, "http-restricted-api grpc-restricted-protocol"),
}
TABLE: Final = Table("triton", _FLAGS, abbreviates=True, takes_dashes=True)
