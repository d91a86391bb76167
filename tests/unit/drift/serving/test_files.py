"""Files count where a ConfigMap mounts them; elsewhere they are said not to be read."""

from collections.abc import Mapping

import pytest

from stagingmirror.drift.serving.command_line import ServerFlags, server_flags
from support.command_lines import line

CONFIG = """
model: acme/chat
tensor_parallel_size: 2
max-model-len: 8k
enforce-eager: true
enable-prefix-caching: false
served-model-name: [a, b]
gpu-memory-utilization: 0.90
api-key: s3cret
hf-overrides: {rope: {factor: 2}, a: 1}
"""
BATCHING = """
# as measured
max_batch_size { value: 32 }
batch_timeout_micros { value: 1000 }, num_batch_threads: { value: 8 };
pad_variable_length_inputs: true
allowed_batch_sizes: 16 allowed_batch_sizes: 32
"""
MODELS = """
model_config_list: {
  config: {
    name: "fraud" base_path: "/models/fraud" model_version_policy: { specific { versions: 3 } }
  }
  config < name: 'risk', base_path: '/models/risk' >
}
"""


def flags(program: str, *words: str, **files: str) -> ServerFlags:
    mounted: Mapping[str, str] = {f"/c/{name}": text for name, text in files.items()}
    return server_flags(line("x", command=(*program.split(), *words), files=mounted))


def configured(text: str, *words: str) -> ServerFlags:
    mounted = {"/c/v.yaml": text}
    command = ("vllm", "serve", *words, "--config", "/c/v.yaml")
    return server_flags(line("vllm/vllm-openai:v0.8.5", command=command, files=mounted))


def test_the_keys_of_vllms_configuration_are_flags_which_the_command_line_overrules() -> None:
    found = configured(CONFIG, "--max-model-len=4096")

    given = {name: text for name, text in found.facts.items() if name not in found.defaults}
    assert given == {
        "model": "acme/chat",
        "tensor-parallel-size": "2",
        "max-model-len": "4096",
        "enforce-eager": "true",
        "enable-prefix-caching": "false",
        "served-model-name": '["a", "b"]',
        "gpu-memory-utilization": "0.9",
        "hf-overrides": '{"a": 1, "rope": {"factor": 2}}',
    }
    assert found.arguments == {"--api-key": "s3cret"}
    assert found.facts["dtype"] == "auto"


def test_the_same_flags_in_a_file_and_on_the_command_line_are_equal() -> None:
    words = ("--dtype=half", "--seed=7", "--trust-remote-code")

    mounted = configured("dtype: half\nseed: 7\ntrust-remote-code: true\n", "acme/chat")
    given = server_flags(
        line("vllm/vllm-openai:v0.8.5", command=("vllm", "serve", "acme/chat", *words))
    )

    assert mounted.facts == given.facts


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x\n",
        "- a\n",
        "a: [",
        "[" * 5_000,
        "? " * 5_000,
        "a: " + "9" * 10_000,
        "a: !!python/object:os.system {}\n",
        "a: 1\n" * 10_000,
    ],
)
def test_what_is_no_simple_configuration_is_not_read_and_fills_in_no_default(text: str) -> None:
    found = configured(text, "acme/chat")

    assert found.facts == {"model": "acme/chat", "config": "/c/v.yaml"}
    assert {"dtype", "max-model-len"} <= found.unreadable
    assert found.notes[0].startswith("its configuration file /c/v.yaml is not read")


def test_a_configuration_that_nothing_mounts_is_not_read_and_fills_in_no_default() -> None:
    found = server_flags(
        line("vllm/vllm-openai:v0.8.5", args=("--model=a", "--config=/etc/vllm.yaml"))
    )

    assert found.defaults == frozenset()
    assert "dtype" in found.unreadable
    assert "model" not in found.unreadable
    assert found.notes == ("its configuration file /etc/vllm.yaml is not read.",)


def test_a_chat_template_counts_by_its_content_where_it_is_mounted() -> None:
    one, other = (
        flags("vllm serve a", "--chat-template=/c/t", t=text).facts["chat-template.sha256"]
        for text in ("{{ a }}", "{{ b }}")
    )
    elsewhere = flags("vllm serve a", "--chat-template=/c/t")

    assert one != other
    assert elsewhere.unreadable == {"chat-template.sha256"}
    assert "not read" in elsewhere.notes[0]


def test_gunicorns_configuration_is_compared_as_a_script() -> None:
    mounted = flags("gunicorn a:b -c /c/g.py", **{"g.py": "workers = 4"})
    of_directory = flags("gunicorn a:b", **{"gunicorn.conf.py": "workers = 4"})
    elsewhere = flags("gunicorn a:b -c python:settings")

    assert mounted.script == of_directory.script == "workers = 4"
    assert "not executed" in mounted.notes[0]
    assert elsewhere.script is None
    for each in (mounted, of_directory, elsewhere):
        assert "workers" in each.unreadable
        assert "app" not in each.unreadable
    assert "python:settings is not read" in elsewhere.notes[0]


def test_batching_of_tensorflow_serving_is_read_field_by_field() -> None:
    found = flags("tensorflow_model_server", "--batching_parameters_file=/c/b", b=BATCHING)

    assert found.facts == {
        "batching_parameters_file": "/c/b",
        "batching_parameters_file.max_batch_size": "32",
        "batching_parameters_file.batch_timeout_micros": "1000",
        "batching_parameters_file.num_batch_threads": "8",
        "batching_parameters_file.pad_variable_length_inputs": "true",
        "batching_parameters_file.allowed_batch_sizes[1]": "16",
        "batching_parameters_file.allowed_batch_sizes[2]": "32",
    }


def test_models_of_tensorflow_serving_are_known_by_their_names() -> None:
    found = flags("tensorflow_model_server", "--model_config_file=/c/m", m=MODELS)

    at = "model_config_file.model_config_list.config"
    policy = f"{at}[fraud].model_version_policy.specific"
    assert found.facts[f"{at}[fraud].base_path"] == "/models/fraud"
    assert found.facts[f"{policy}.versions"] == "3"
    assert found.facts[f"{at}[risk].base_path"] == "/models/risk"


@pytest.mark.parametrize(
    "text", ["a", "a {", "}", "a: ", "a: {}}", "a {" * 50, "a: 1 " * 5_000, "{}", "\0", "a: [1, 2]"]
)
def test_what_is_no_message_is_not_read(text: str) -> None:
    found = flags("tensorflow_model_server", "--batching_parameters_file=/c/b", b=text)

    assert found.facts == {"batching_parameters_file": "/c/b"}
    assert found.unreadable == {"batching_parameters_file."}
    assert "is not read" in found.notes[0]


def test_files_that_may_hold_credentials_are_never_read() -> None:
    tensorflow = flags("tensorflow_model_server", "--ssl_config_file=/c/s", s="server_key: 'k3y'")
    uvicorn = flags("uvicorn a:b", "--env-file=/c/e", e="KEY=k3y")

    for found in (tensorflow, uvicorn):
        assert "k3y" not in str(found)
        assert "not read" in found.notes[0]


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 5000, "1" + ":59" * 3000])
def test_a_number_that_nobody_writes_makes_a_configuration_unread(number: str) -> None:
    found = flags("vllm serve a --config /c/v", v=f"seed: {number}")

    assert "is not read" in str(found.notes)
    assert "seed" not in found.facts
