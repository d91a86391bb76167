"""vLLM's OpenAI-compatible server.

Flags: ``EngineArgs``, ``AsyncEngineArgs`` and ``FrontendArgs`` of the releases in ``_SERIES``, and
https://docs.vllm.ai/en/latest/configuration/engine_args/ with the pages of former versions
(https://docs.vllm.ai/en/v0.8.5/serving/engine_args.html). What a flag of them takes:
https://github.com/vllm-project/vllm/blob/main/vllm/engine/arg_utils.py
How a command line is read (underscores, ``--flag.key``, ``--config``):
https://github.com/vllm-project/vllm/blob/main/vllm/utils/argparse_utils.py
Variables: https://docs.vllm.ai/en/latest/configuration/env_vars/
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from stagingmirror.drift.serving import values
from stagingmirror.drift.serving.flags import (
    EACH,
    INTEGER,
    JSON,
    NUMBER,
    PRIVATE,
    SWITCH,
    SWITCHED_OFF,
    TEXT,
    WORDS,
    Default,
    Flag,
    Kind,
    Table,
    constants,
    flags,
)

DTYPES: Final = {"half": "float16", "float": "float32"}
_TEXT = """
    all2all-backend allowed-local-media-path anthropic-disabled-thinking-effort attention-backend
    chat-template chat-template-content-format code-revision cohere-format config config-format
    convert
    data-parallel-address,-dpa data-parallel-backend,-dpb dcp-comm-backend device device-ids
    disable-access-log-for-endpoints distributed-executor-backend download-dir
    expert-placement-strategy fingerprint-mode fingerprint-value gdn-prefill-backend
    generation-config guided-decoding-backend hf-config-path host image-input-shape
    image-input-type io-processor-plugin jit-monitor-mode kda-decode-backend kda-prefill-backend
    kv-cache-dtype kv-offloading-backend linear-backend load-format log-config-file log-level
    logging-config logits-processor-pattern logprobs-mode lora-dtype mamba-backend
    mamba-cache-dtype mamba-cache-mode mamba-ssm-cache-dtype mamba-ssu-algorithm master-addr
    mm-encoder-attn-backend mm-encoder-attn-dtype mm-encoder-fp8-scale-path
    mm-encoder-fp8-scale-save-path mm-encoder-tp-mode mm-hasher-algorithm mm-processor-cache-type
    mm-processor-device mm-tensor-ipc model model-impl moe-backend offload-backend
    optimization-level,-O otlp-traces-endpoint override-attention-dtype
    per-request-spec-decode-metrics performance-mode preemption-mode prefix-caching-hash-algo
    qlora-adapter-name-or-path quantization,-q quantization-param-path reasoning-parser
    reasoning-parser-plugin response-role revision root-path runner safetensors-load-strategy
    scheduler-cls scheduling-policy show-hidden-metrics-for-version sleep-mode-backend
    sparse-indexer-topk-backend spec-decoding-acceptance-method spec-method spec-model
    speculative-model speculative-model-quantization ssl-ca-certs ssl-certfile ssl-ciphers
    ssl-keyfile task tokenizer tokenizer-mode tokenizer-pool-type tokenizer-revision
    tool-call-parser tool-parser-plugin tool-server tool-strict-level uds uvicorn-log-level
    video-pruning-method worker-cls worker-extension-cls
"""
_INTEGER = """
    api-server-count,-asc block-size cp-kv-cache-interleave-size cpu-distributed-timeout-seconds
    data-parallel-rank,-dpn data-parallel-rpc-port,-dpp data-parallel-size,-dp
    data-parallel-size-local,-dpl data-parallel-start-rank,-dpr data-parallel-supervisor-port
    dbo-decode-token-threshold dbo-prefill-token-threshold dcp-kv-cache-interleave-size
    decode-context-parallel-size,-dcp distributed-timeout-seconds
    dp-supervisor-probe-failure-threshold dp-sync-interval elastic-ep-max-dp-size
    eplb-step-interval eplb-window-size grpc-port h11-max-header-count
    h11-max-incomplete-event-size image-feature-size image-token-id long-prefill-token-threshold
    lora-extra-vocab-size mamba-block-size mamba-cache-philox-rounds master-port
    max-context-len-to-capture max-cpu-loras max-cudagraph-capture-size max-log-len max-logprobs
    max-long-partial-prefills max-lora-cls-labels max-lora-rank max-loras max-num-active-seqs
    max-num-partial-prefills max-num-queued-reqs max-num-queued-tokens max-num-scheduled-tokens
    max-num-seqs max-parallel-loading-workers max-prompt-adapter-token max-prompt-adapters
    max-seq-len-to-capture mm-shm-cache-max-object-size-mb ngram-prompt-lookup-max
    ngram-prompt-lookup-min nnodes,-n node-rank,-r num-gpu-blocks-override num-lookahead-slots
    num-redundant-experts num-scheduler-steps num-speculative-tokens offload-group-size
    offload-num-in-group offload-prefetch-step pipeline-parallel-size,-pp port
    prefill-context-parallel-size,-pcp prefill-schedule-interval prefix-cache-retention-interval
    prefix-match-unit renderer-num-workers replayssm-buffer-len safetensors-prefetch-num-threads
    seed shutdown-timeout spec-tokens speculative-disable-by-batch-size
    speculative-draft-tensor-parallel-size,-spec-draft-tp speculative-max-model-len
    sse-keep-alive-interval ssl-cert-reqs stream-interval tensor-parallel-size,-tp
    tokenizer-pool-size ubatch-size
"""
_HUMAN = "kv-cache-memory-bytes max-num-batched-tokens safetensors-prefetch-block-size"
_NUMBER = """
    cpu-offload-gb dp-supervisor-probe-interval-s dp-supervisor-probe-timeout-s
    gpu-memory-utilization,--device-memory-utilization kv-cache-metrics-sample kv-offloading-size
    mm-encoder-fp8-scale-save-margin mm-ipc-gpu-memory-gb mm-processor-cache-gb rope-theta
    scheduler-delay-factor swap-space typical-acceptance-sampler-posterior-alpha
    typical-acceptance-sampler-posterior-threshold video-pruning-rate watermark
"""
_SWITCH = """
    aggregate-engine-logging allow-credentials allow-deprecated-quantization async-scheduling
    calculate-kv-scales cohere-is-reasoning-model cudagraph-metrics data-parallel-external-lb,-dpe
    data-parallel-hybrid-lb,-dph data-parallel-multi-port-external-lb,-dpm dcp-q-replicate
    disable-async-output-proc disable-cascade-attn disable-chunked-mm-input
    disable-custom-all-reduce disable-fastapi-docs disable-frontend-multiprocessing
    disable-hybrid-kv-cache-manager disable-log-requests disable-log-stats
    disable-logprobs-during-spec-decoding disable-mm-preprocessor-cache
    disable-nccl-for-dp-synchronization disable-sliding-window disable-uvicorn-access-log
    enable-auto-tool-choice enable-batch-sharded-sampling enable-bf16x3-router-gemm
    enable-chunked-prefill enable-cumem-allocator enable-dbo enable-elastic-ep
    enable-ep-weight-filter enable-eplb enable-expert-parallel,-ep enable-fault-tolerance
    enable-flash-late-interaction enable-flashinfer-autotune enable-force-include-usage
    enable-hc-sp enable-layerwise-nvtx-tracing enable-log-deltas enable-log-outputs
    enable-log-requests enable-logging-iteration-details enable-lora enable-lora-bias
    enable-mamba-cache-stochastic-rounding enable-mamba-shared-prefix-checkpoint
    enable-mfu-metrics enable-mixed-moe-lora-format enable-mm-embeds enable-moe-shared-loras
    enable-multimodal-encoder-data-parallel enable-nccl-comm-suspend enable-offline-docs
    enable-per-request-metrics enable-prefix-caching enable-prompt-adapter enable-prompt-embeds
    enable-prompt-tokens-details enable-reasoning enable-request-id-headers
    enable-return-routed-experts enable-scale-out enable-server-load-tracking
    enable-shm-tensor-arena enable-sleep-mode enable-ssl-refresh enable-tokenizer-info-endpoint
    enable-tower-connector-lora enable-trace-replay enforce-eager engine-use-ray
    eplb-log-balancedness exclude-tools-when-tool-choice-none
    expand-tools-even-if-tool-choice-none fail-on-environ-validation fully-sharded-loras grpc
    guided-decoding-disable-additional-properties guided-decoding-disable-any-whitespace
    guided-decoding-disable-fallback headless interleave-mm-strings jit-monitor-verbose
    kv-cache-metrics kv-sharing-fast-prefill language-model-only log-error-stack
    long-prefill-token-threshold-adaptive mm-device-do-normalize mm-encoder-only monokernel
    multi-step-stream-outputs numa-bind ray-workers-use-nsight return-sampling-mask
    return-tokens-as-token-ids scheduler-reserve-full-isl skip-mm-profiling skip-tokenizer-init
    sleep-mode-offload-cudagraph specialize-active-lora speculative-disable-mqa-scorer
    swa-bounded-replay tokens-only trust-remote-code trust-request-chat-template
    trust-request-mm-kwargs use-fp64-gumbel use-replayssm use-tqdm-on-load use-v2-block-manager
    worker-use-ray
"""
_JSON = """
    additional-config attention-config,-ac aux-output-config compilation-config,-cc
    custom-histogram-buckets default-chat-template-kwargs default-mm-loras diffusion-config,-dc
    ec-manager-config ec-transfer-config engram-config eplb-config fault-tolerance-config
    hf-overrides ir-op-priority kernel-config kv-events-config kv-transfer-config media-io-kwargs
    mm-processor-kwargs model-class-overrides model-loader-extra-config override-generation-config
    override-neuron-config override-pooler-config pooler-config profiler-config
    pt-load-map-location quantization-config reasoning-config reasoning-effort-map rope-scaling
    speculative-config,-sc structured-outputs-config tokenizer-pool-extra-config watchdog-config
    watermark-config weight-transfer-config
"""
_WORDS = """
    allowed-headers allowed-media-domains allowed-methods allowed-origins collect-detailed-traces
    cpu-offload-params cuda-graph-sizes cudagraph-capture-sizes ignore-patterns
    kv-cache-dtype-skip-layers logits-processors long-lora-scaling-factors lora-modules
    lora-target-modules numa-bind-cpus numa-bind-nodes offload-params prompt-adapters
    served-model-name sleep-preserve-parameter-names
"""
_OPPOSITE: Final = {"enable": "disable", "disable": "enable"}


def _opposites() -> Iterator[tuple[str, Flag]]:
    """``--no-x`` of each switch; in newer releases also ``--disable-x`` of ``--enable-x``."""
    for name, flag in flags(SWITCH, _SWITCH).items():
        if name.startswith("--"):
            off = Flag(flag.fact, SWITCHED_OFF)
            yield f"--no-{name[2:]}", off
            verb, _, rest = name[2:].partition("-")
            if verb in _OPPOSITE:
                yield f"--{_OPPOSITE[verb]}-{rest}", off


FLAGS: Final = {
    **flags(TEXT, _TEXT),
    **flags(Kind(values.one_of(DTYPES)), "dtype"),
    **flags(INTEGER, _INTEGER),
    **flags(Kind(values.human_integer_or_auto), "max-model-len"),
    **flags(Kind(values.human_integer), _HUMAN),
    **flags(NUMBER, _NUMBER),
    **dict(_opposites()),
    **flags(SWITCH, _SWITCH),
    **flags(JSON, _JSON),
    # ``-O.key value``, though ``-O`` alone is a level.
    "-O.": Flag("compilation-config", JSON),
    **flags(Kind(values.json_or_pairs), "limit-mm-per-prompt"),
    **flags(WORDS, _WORDS),
    **flags(EACH, "middleware"),
    **flags(PRIVATE, "hf-token"),
    **flags(replace(PRIVATE, takes="many", keeps="last"), "api-key"),
}
# Of the releases 0.6.3, 0.7.3, 0.8.5, 0.9.2, 0.10.2, 0.11.0, 0.12.0, 0.16.0, 0.20.2, 0.24.0, 0.28.0
# and 0.33.0, each as its package on PyPI has them (EngineArgs, FrontendArgs).
_SERIES: Final = frozenset((0, minor) for minor in (6, 7, 8, 9, 10, 11, 12, 16, 20, 24, 28, 33))
_CONSTANTS: Final = """
config-format=auto cpu-offload-gb=0 disable-custom-all-reduce=false disable-log-stats=false
disable-sliding-window=false dtype=auto enforce-eager=false fully-sharded-loras=false
kv-cache-dtype=auto load-format=auto max-logprobs=20 max-lora-rank=16 max-loras=1
pipeline-parallel-size=1 port=8000 response-role=assistant scheduling-policy=fcfs
skip-tokenizer-init=false tensor-parallel-size=1 tokenizer-mode=auto trust-remote-code=false
uvicorn-log-level=info
"""
DEFAULTS: Final = (
    *constants(_CONSTANTS),
    Default("gpu-memory-utilization", "0.9", last=(0, 16, 99_999)),
    Default("gpu-memory-utilization", "0.92", first=(0, 20, 0)),
    Default("swap-space", "4", last=(0, 16, 99_999)),
    Default("seed", "0", last=(0, 7, 99_999)),
    Default("seed", "0", first=(0, 12, 0)),
)
TABLE: Final = Table(
    "vllm",
    FLAGS,
    underscores_are_dashes=True,
    abbreviates=True,
    nested=True,
    defaults=DEFAULTS,
    series=_SERIES,
)
# Variables that change what is served or how, and are no flag: a fact each, by their own name.
# https://github.com/vllm-project/vllm/blob/main/vllm/envs.py (VLLM_API_KEY is what --api-key is).
_VARIABLES: Final = """
VLLM_ALLOW_LONG_MAX_MODEL_LEN VLLM_ALLOW_RUNTIME_LORA_UPDATING VLLM_ATTENTION_BACKEND
VLLM_BATCH_INVARIANT VLLM_CPU_KVCACHE_SPACE VLLM_CPU_NUM_OF_RESERVED_CPU VLLM_CPU_OMP_THREADS_BIND
VLLM_ENABLE_RESPONSES_API_STORE VLLM_ENABLE_V1_MULTIPROCESSING VLLM_ENGINE_ITERATION_TIMEOUT_S
VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS VLLM_FLASH_ATTN_VERSION VLLM_FLOAT32_MATMUL_PRECISION
VLLM_HTTP_TIMEOUT_KEEP_ALIVE VLLM_KV_CACHE_LAYOUT VLLM_LOGGING_LEVEL VLLM_MAX_N_SEQUENCES
VLLM_MLA_DISABLE VLLM_MOE_USE_DEEP_GEMM VLLM_PLUGINS VLLM_PP_LAYER_PARTITION VLLM_RPC_TIMEOUT
VLLM_SERVER_DEV_MODE VLLM_SKIP_P2P_CHECK VLLM_TARGET_DEVICE VLLM_USE_DEEP_GEMM
VLLM_USE_FLASHINFER_SAMPLER VLLM_USE_MODELSCOPE VLLM_USE_TRITON_FLASH_ATTN VLLM_USE_V1
VLLM_USE_V2_MODEL_RUNNER VLLM_WORKER_MULTIPROC_METHOD
"""
VARIABLES: Final = frozenset(_VARIABLES.split())
PRIVATE_VARIABLES: Final = {"VLLM_API_KEY": "--api-key"}
