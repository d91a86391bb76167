"""TensorFlow Serving.

https://github.com/tensorflow/serving/blob/master/tensorflow_serving/model_servers/main.cc
Flags are ``--name=value`` only, and a boolean may stand alone:
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/command_line_flags.cc
Defaults: ``Server::Options`` of 2018 and of 2.8, which agree in these, in
https://github.com/tensorflow/serving/blob/master/tensorflow_serving/model_servers/server.h
"""

from typing import Final

from stagingmirror.drift.serving.flags import (
    INTEGER,
    NUMBER,
    SETTINGS,
    SWITCH,
    TEXT,
    Table,
    constants,
    flags,
)

_TEXT = """
batching_parameters_file grpc_socket_path mixed_precision model_base_path model_config_file
model_name monitoring_config_file platform_config_file saved_model_tags ssl_config_file
tensorflow_session_config_file thread_pool_factory_config_file
"""
_INTEGER = """
file_system_poll_wait_seconds grpc_max_threads load_retry_interval_micros max_num_load_retries
model_config_file_poll_wait_seconds num_load_threads num_request_iterations_for_warmup
num_tflite_interpreters_per_pool num_tflite_pools num_unload_threads port rest_api_num_threads
rest_api_port rest_api_timeout_in_ms tensorflow_inter_op_parallelism
tensorflow_intra_op_parallelism tensorflow_session_parallelism
"""
_SWITCH = """
allow_version_labels_for_unavailable_models enable_batching enable_cors_support
enable_grpc_healthcheck_service enable_model_warmup enable_per_model_batching_parameters
enable_profiler enable_serialization_as_tensor_content enable_signature_method_name_check
flush_filesystem_caches force_allow_any_version_labels_for_unavailable_models prefer_tflite_model
remove_unused_fields_from_bundle_metagraph rest_api_enable_cors_support use_alts_credentials
use_tflite_model version xla_cpu_compilation_enabled
"""
_FLAGS: Final = {
    **flags(TEXT, _TEXT),
    **flags(INTEGER, _INTEGER),
    **flags(NUMBER, "per_process_gpu_memory_fraction"),
    **flags(SWITCH, _SWITCH),
    **flags(SETTINGS, "grpc_channel_arguments"),
}
_CONSTANTS: Final = """
enable_batching=false enable_model_warmup=true file_system_poll_wait_seconds=1
flush_filesystem_caches=true per_process_gpu_memory_fraction=0 rest_api_timeout_in_ms=30000
tensorflow_session_parallelism=0
"""
TABLE: Final = Table(
    "tfserving",
    _FLAGS,
    needs_equals=True,
    defaults=constants(_CONSTANTS),
    series=frozenset((2, minor) for minor in range(9)),
)
# Flags whose value is the path of a file in protobuf's text format.
CONFIGURATION_FILES: Final = (
    "batching_parameters_file",
    "model_config_file",
    "monitoring_config_file",
    "platform_config_file",
    "tensorflow_session_config_file",
)
# One that holds private keys: never read.
PRIVATE_FILES: Final = ("ssl_config_file",)
