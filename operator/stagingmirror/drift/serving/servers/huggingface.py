"""KServe's Hugging Face server.

Its own flags, with underscores:
https://github.com/kserve/kserve/blob/master/python/huggingfaceserver/huggingfaceserver/__main__.py
https://github.com/kserve/kserve/blob/master/python/kserve/kserve/model_server.py
vLLM's flags besides, with dashes; unlike ``vllm serve`` it does not take one for the other, and it
ignores a flag that it does not know.
"""

from typing import Final

from stagingmirror.drift.serving import values
from stagingmirror.drift.serving.flags import (
    INTEGER,
    SWITCH,
    TEXT,
    TRUTH,
    Flag,
    Kind,
    Table,
    constants,
    flags,
)
from stagingmirror.drift.serving.servers import vllm

_TEXT = """
access_log_format backend event_loop,--event-loop log_config_file model_dir model_id model_name
model_revision predictor_host predictor_protocol,--protocol ssl_certfile ssl_keyfile task
tensor_input_names tokenizer_revision
"""
_INTEGER = """
grpc_max_receive_message_length grpc_max_send_message_length grpc_port http_port max_asyncio_workers
max_log_len,--max-log-len max_threads predictor_request_retries predictor_request_timeout_seconds
timeout_keep_alive,--timeout-keep-alive workers
"""
_SWITCH = """
disable_log_requests disable_lower_case disable_special_tokens enable_predictor_health_check
return_probabilities return_token_type_ids trust_remote_code
"""
_TRUTH = """
configure_logging enable_docs_url enable_grpc enable_latency_logging predictor_use_ssl
"""
_OWN: Final = {
    **flags(TEXT, _TEXT),
    **flags(Kind(values.one_of(vllm.DTYPES)), "dtype"),
    **flags(INTEGER, _INTEGER),
    **flags(Kind(values.human_integer_or_auto), "max_model_len,--max_length"),
    **flags(SWITCH, _SWITCH),
    **flags(TRUTH, _TRUTH),
}
_FACTS: Final = {flag.fact for flag in _OWN.values()}


def _shared(flag: Flag) -> Flag:
    """One of vLLM's flags that is also its own is one fact."""
    own = flag.fact.replace("-", "_")
    return Flag(own, flag.kind) if own in _FACTS else flag


# ``model_server.py`` of KServe 0.13.1, 0.14.1 and 0.15.2, and ``__main__.py`` of that time.
_CONSTANTS: Final = """
backend=auto disable_lower_case=false disable_special_tokens=false enable_grpc=true grpc_port=8081
http_port=8080 max_threads=4 model_dir=/mnt/models model_name=model return_token_type_ids=false
workers=1
"""
TABLE: Final = Table(
    "huggingface",
    {**{name: _shared(flag) for name, flag in vllm.FLAGS.items()}, **_OWN},
    abbreviates=True,
    nested=False,
    defaults=constants(_CONSTANTS),
    series=frozenset({(0, 13), (0, 14), (0, 15)}),
)
