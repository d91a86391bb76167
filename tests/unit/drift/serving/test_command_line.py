"""What the command line of a model server says."""

from dataclasses import replace

import pytest

from stagingmirror.drift.serving.command_line import ALL, CommandLine, ServerFlags, server_flags
from support.command_lines import PUBLISHED, VLLM_MODULE, line

VLLM = "vllm/vllm-openai"


def vllm(*args: str, image: str = VLLM, **variables: str | None) -> ServerFlags:
    return server_flags(line(image, args=args, variables=variables))


def given(flags: ServerFlags) -> dict[str, str]:
    return {name: value for name, value in flags.facts.items() if name not in flags.defaults}


def shell(text: str, *arguments: str, **variables: str | None) -> ServerFlags:
    return server_flags(line("x", command=("sh", "-c", text, *arguments), variables=variables))


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_command_line_says_what_it_means(name: str) -> None:
    published = PUBLISHED[name]

    flags = server_flags(published.line)

    assert flags.server == published.server
    assert given(flags) == published.facts
    assert flags.unreadable == published.not_read
    assert (flags.script is None) == (published.server is not None)


@pytest.mark.parametrize(
    "other",
    [
        line(VLLM, args=("--max-model-len", "4096", "--model=a/b", "-tp=2")),
        line(VLLM, args=("--tensor_parallel_size=2", "--max_model_len=4096", "--model=a/b")),
        line(VLLM, args=("-tp", "2", "--max-model-len=1", "--max-model-len=4k", "--model", "a/b")),
        line(VLLM, command=("vllm", "serve", "a/b", "--tensor-par=2", "--max-model-len=4K")),
        line(VLLM, command=(*VLLM_MODULE, "--model=a/b"), args=("-tp=2", "--max-model-len=4096")),
        line(
            "x",
            command=("/usr/bin/tini", "-s", "--", "bash", "-euxo", "pipefail", "-c"),
            args=("exec vllm serve 'a/b' \\\n  --max-model-len \"$LEN\" -tp ${TP}  # two GPUs\n",),
            variables={"LEN": "4096", "TP": "2"},
        ),
        line(
            "x",
            command=("sh", "-c", 'exec vllm serve "$@"', "--"),
            args=("a/b", "--max-model-len=$(LEN)", "-tp", "2"),
            variables={"LEN": "4096"},
        ),
    ],
    ids=range(7),
)
def test_equal_flags_are_equal_in_every_spelling(other: CommandLine) -> None:
    flags = server_flags(other)
    length = "4000" if "--max-model-len=4k" in other.args else "4096"

    assert flags.server == "vllm"
    assert given(flags) == {"model": "a/b", "max-model-len": length, "tensor-parallel-size": "2"}


def test_defaults_are_known_where_the_version_is_and_are_told_apart_from_what_is_given() -> None:
    flags = vllm("--model=a", "--dtype=half", image=f"{VLLM}:v0.8.5")

    assert flags.facts["gpu-memory-utilization"] == "0.9"
    assert "gpu-memory-utilization" in flags.defaults
    assert flags.facts["dtype"] == "float16"
    assert "dtype" not in flags.defaults
    newer = vllm("--model=a", image=f"docker.io/{VLLM}:v0.20.2")
    assert newer.facts["gpu-memory-utilization"] == "0.92"
    assert "swap-space" not in newer.facts


@pytest.mark.parametrize(
    "image",
    [VLLM, *(f"{VLLM}:{tag}" for tag in ("latest", "v0.8.5rc1", "v0.8.5@sha256:aa", "v0.15.0"))],
)
def test_without_a_release_whose_documentation_was_read_there_are_no_defaults(image: str) -> None:
    assert vllm("--model=a", image=image).facts == {"model": "a"}


def test_a_copy_of_a_public_image_is_recognised_by_its_name_and_that_is_said() -> None:
    flags = vllm("--model=a", image="registry.example:5000/mirror/vllm-openai:v0.8.5")

    assert flags.server == "vllm"
    assert flags.facts["dtype"] == "auto"
    assert any("copy of vllm/vllm-openai" in note for note in flags.notes)


@pytest.mark.parametrize(
    ("flags", "unreadable"),
    [
        (vllm("--model=$(M)", "--dtype=half", M=None), {"model"}),
        (vllm("--model", "$(M)", M=None), {"model"}),
        (vllm("--model=s3://$(BUCKET)/m", BUCKET=None), {"model"}),
        (vllm("--model=$(NOT_DECLARED)"), {"model"}),
        (vllm("--served-model-name", "a", "$(M)", M=None), {"served-model-name"}),
        (vllm("--hf-overrides.a.b", "$(M)", M=None), {"hf-overrides"}),
        (vllm("--api-key", "$(KEY)", KEY=None), {"--api-key"}),
        (vllm("--new", "$(M)", M=None), {"--new", "model"}),
        (vllm("--model=a", VLLM_USE_V1=None), {"VLLM_USE_V1"}),
        (vllm("--max-num-s=4"), {"max-num-seqs", "max-num-scheduled-tokens"}),
        (vllm("--data-parallel-r=1"), {"data-parallel-rank", "data-parallel-rpc-port"}),
        (shell('vllm serve "$M" --dtype half', M=None), {"model"}),
        (shell('vllm serve "$(M)" --dtype half', M=None), {"model"}),
    ],
)
def test_what_is_not_readable_is_named_and_never_a_fact(
    flags: ServerFlags, unreadable: set[str]
) -> None:
    assert flags.unreadable == unreadable
    assert not flags.facts.keys() & unreadable
    assert not flags.arguments.keys() & unreadable


@pytest.mark.parametrize(
    "flags",
    [
        vllm("--model=a", "$(MORE)", MORE=None),
        vllm("--model=a", "--$(NAME)=3", NAME=None),
        shell("vllm serve a $MORE", MORE=None),
        shell("vllm serve $MODEL --dtype half"),
        shell("vllm serve $(MODEL) --dtype half", MODEL=None),
        server_flags(line("x", command=("$(PROGRAM)", "serve"), variables={"PROGRAM": None})),
        server_flags(line("x", command=("gunicorn", "a:a"), variables={"GUNICORN_CMD_ARGS": None})),
        vllm("--model=\0"),
        vllm("$(A)" * 100, A="x" * 100_000),
        vllm(*["a"] * 10_000),
        shell("vllm serve " + "a " * 10_000),
        vllm(*["$(A)"] * 100, A="x" * 100_000),
    ],
    ids=range(12),
)
def test_where_any_flag_may_be_given_nothing_is_claimed(flags: ServerFlags) -> None:
    assert flags.unreadable == {ALL}
    assert flags.facts == flags.arguments == {}
    assert flags.notes


@pytest.mark.parametrize(
    "text",
    [
        "cd /app && exec vllm serve a",
        "vllm serve a | tee log",
        "vllm serve a > log 2>&1",
        "set -e\nexec vllm serve a",
        "vllm serve $(cat model)",
        "vllm serve `cat model`",
        "for i in 1 2; do vllm serve a; done",
        "vllm serve ${MODEL%/}",
        "vllm serve $1",
        "vllm serve models/*",
        "vllm serve ~/model",
        "vllm serve a --hf-overrides {a,b}",
        "vllm serve 'a",
        "vllm serve $MODEL_WITH_PATTERN",
        "",
    ],
)
def test_a_script_is_said_to_be_one_and_given_as_it_is_written(text: str) -> None:
    flags = shell(text, MODEL_WITH_PATTERN="a*")

    assert flags.server is None
    assert flags.facts == {}
    assert flags.script == text
    assert "script" in flags.notes[0]


def test_a_script_has_what_variables_give_it_as_far_as_that_is_readable() -> None:
    one, other = (shell("$(S)", S=f"cd /app && vllm serve {name}") for name in "ab")
    hidden = shell("cd $(D) && vllm serve a --api-key $(KEY)", D="/app", KEY=None)

    assert (one.script, other.script) == ("cd /app && vllm serve a", "cd /app && vllm serve b")
    assert hidden.script == "cd /app && vllm serve a --api-key $(KEY)"


def test_a_script_in_a_file_is_read_where_a_config_map_mounts_it() -> None:
    for command in (("bash", "/run.sh"), ("/run.sh",)):
        mounted = server_flags(line("x", command=command, files={"/run.sh": "exec vllm serve a"}))
        assert mounted.script == "exec vllm serve a"

    elsewhere = server_flags(line("x", command=("bash", "/run.sh")))
    assert elsewhere.script is None
    assert "not read" in elsewhere.notes[0]


@pytest.mark.parametrize(
    ("words", "level", "configuration"),
    [
        (("-cc.ops+", "a", "-cc.ops+", "b,c"), None, '{"ops": ["a", "b", "c"]}'),
        (("-cc.ops+=b", "-cc.ops=1", "-cc.ops+=c"), None, '{"ops": ["c"]}'),
        (("-O3", "-O.mode", "3"), "3", '{"mode": 3}'),
        (("-O", "2", "-O.pass.fuse=1"), "2", '{"pass": {"fuse": 1}}'),
    ],
)
def test_keys_of_a_flag_are_gathered(
    words: tuple[str, ...], level: str | None, configuration: str
) -> None:
    found = vllm("--model=a", *words)

    assert found.facts["compilation-config"] == configuration
    assert found.facts.get("optimization-level") == level
    assert not found.notes


def test_what_an_image_sets_is_not_known_where_others_may_overrule_it() -> None:
    given = line("tensorflow/serving:2.16.1", args=("--enable_batching",))
    sure, unsure = server_flags(given), server_flags(replace(given, has_more=True))

    assert sure.facts["model_name"] == "model"
    assert {"model_name", "model_base_path"} <= unsure.unreadable
    assert not {"model_name", "model_base_path"} & unsure.facts.keys()


@pytest.mark.parametrize(
    ("command", "known", "not_known"),
    [
        ("uvicorn app:app --port 80", {"app", "port"}, {"workers", "limit-concurrency"}),
        ("gunicorn app:app -w 4", {"app", "workers"}, {"timeout", "worker-class"}),
        ("vllm serve acme/model", {"model"}, {"VLLM_LOGGING_LEVEL"}),
    ],
)
def test_flags_that_variables_may_give_are_not_known_where_there_may_be_more_of_these(
    command: str, known: set[str], not_known: set[str]
) -> None:
    given = line("x", command=tuple(command.split()))
    sure, unsure = server_flags(given), server_flags(replace(given, has_more=True))

    assert not not_known & sure.unreadable
    assert unsure.facts.keys() == known
    assert not_known <= unsure.unreadable
    assert not known & unsure.unreadable


def test_flags_of_a_program_that_is_no_server_are_arguments() -> None:
    flags = server_flags(line("x", command=("python", "serve.py"), args=("--batch=8", "--fast")))

    assert flags.server is None
    assert flags.arguments == {"--batch": "8", "--fast": "true"}


def test_a_flag_that_no_table_knows_makes_the_model_behind_it_doubtful() -> None:
    flags = shell("vllm serve --brand-new acme/model")

    assert flags.arguments == {"--brand-new": "acme/model"}
    assert flags.unreadable == {"model"}


def test_words_that_belong_to_nothing_are_counted() -> None:
    flags = shell("tensorflow_model_server --port 8500 --enable_batching")

    assert flags.facts == {"enable_batching": "true"}
    assert flags.notes[0].startswith("2 of its words belong to no flag")


@pytest.mark.parametrize("args", [(), ("--a=1",)])
def test_the_entrypoint_of_an_image_that_is_not_known_is_not_guessed(args: tuple[str, ...]) -> None:
    flags = server_flags(line("registry.example/own:1.0.0", args=args))

    assert flags.server is None
    assert flags.facts == {}
    assert flags.notes
