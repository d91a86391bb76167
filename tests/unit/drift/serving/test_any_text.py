"""Command lines are anybody's text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.serving.command_line import CommandLine, server_flags
from support.command_lines import line

VLLM = "vllm/vllm-openai"
DEEP = "[" * 60_000


@pytest.mark.parametrize(
    "args",
    [
        ("--hf-overrides", DEEP),
        ("--hf-overrides." + "a." * 60_000 + "b", "1"),
        ("--hf-overrides.a", DEEP),
        ("--max-model-len", "9" * 100_000),
        ("--gpu-memory-utilization", "1e" + "9" * 100_000),
        ("--seed=" + "9" * 5000,),
        ("--",),
        ("-", "--=", "-=", "--.", "="),
        ("--served-model-name",),
        ("--limit-mm-per-prompt", "image=" + "9" * 5000),
    ],
)
def test_nothing_that_is_written_raises(args: tuple[str, ...]) -> None:
    flags = server_flags(line(VLLM, args=("--dtype=half", *args)))

    assert flags.server == "vllm"
    assert flags.facts["dtype"] == "float16"


PIECES = ("--model", "--api-key", "--hf-overrides.", "serve", "$(A)", "$(S)", "-w", "://u:p@", "{")
SIGNS = st.sampled_from("a-=.$(){}'\"\\ \n#~:/@,9") | st.characters()
WORDS = st.lists(st.sampled_from(PIECES) | SIGNS, max_size=6).map("".join)
PROGRAMS = st.sampled_from(
    [
        "",
        "sh -c",
        "bash",
        "env",
        "vllm serve",
        "tritonserver",
        "tensorflow_model_server",
        "python -m huggingfaceserver",
        "uvicorn",
        "gunicorn",
        "tf_serving_entrypoint.sh",
        "uv run",
    ]
)
FILES = {"/f": "a {", "/g": "b: [1]", "/run.sh": "x"}


@given(
    st.sampled_from(["", VLLM, "tensorflow/serving:2.8.0", "x/tritonserver", "a:b@c:d"]) | WORDS,
    PROGRAMS,
    st.lists(WORDS | st.sampled_from(["--config", "-c", "/f", "/g", "/run.sh"]), max_size=6),
)
def test_whatever_is_written_nothing_raises_and_nothing_unreadable_is_shown(
    image: str, program: str, args: list[str]
) -> None:
    variables = {"A": "--b 'c", "S": None, "GUNICORN_CMD_ARGS": "'"}

    flags = server_flags(CommandLine(image, tuple(program.split()), tuple(args), variables, FILES))

    shown = [*flags.facts.items(), *flags.arguments.items(), *flags.notes]
    assert "\0" not in str(shown).replace("\\x00", "\0")
    assert "\1" not in str(shown).replace("\\x01", "\1")
    assert not flags.unreadable & (flags.facts.keys() | flags.arguments.keys())
    assert flags.defaults <= flags.facts.keys()
