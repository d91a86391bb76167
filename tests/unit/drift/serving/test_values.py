"""Values that mean the same are equal, and no others."""

import shlex
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.serving import values
from stagingmirror.drift.serving.command_line import server_flags
from support.command_lines import line


def facts(text: str) -> dict[str, str]:
    flags = server_flags(line("x", command=tuple(shlex.split(text))))
    assert flags.server is not None
    return dict(flags.facts)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vllm serve m --max-model-len 32K", "vllm serve m --max-model-len=32768"),
        ("vllm serve m --max-model-len 25.6k", "vllm serve m --max-model-len 25600"),
        ("vllm serve m --max-model-len auto", "vllm serve m --max-model-len -1"),
        ("vllm serve m --gpu-memory-utilization .90", "vllm serve m --gpu-memory-utilization 0.9"),
        ("vllm serve m --swap-space 1e1", "vllm serve m --swap-space 10"),
        ("vllm serve m --dtype half", "vllm serve m --dtype float16"),
        ("vllm serve m -q awq", "vllm serve m --quantization=awq"),
        ("vllm serve m --no-enable-prefix-caching", "vllm serve m --enable-prefix-caching=False"),
        ("vllm serve m --no-enable-prefix-caching", "vllm serve m --disable-prefix-caching"),
        ("vllm serve m --enable-chunked-prefill True", "vllm serve m --enable-chunked-prefill"),
        ("vllm serve m --enforce-eager --no-enforce-eager", "vllm serve m --no-enforce-eager"),
        ("vllm serve m --hf-overrides.a 1", """vllm serve m --hf-overrides '{"a":1}'"""),
        ("vllm serve m --hf-overrides.a+ x,y", """vllm serve m --hf-overrides '{"a":["x","y"]}'"""),
        (
            "vllm serve m --limit-mm-per-prompt image=2",
            "vllm serve m --limit-mm-per-prompt.image 2",
        ),
        ("vllm serve a --model b", "vllm serve a"),
        ("tritonserver --strict-readiness on", "tritonserver --strict-readiness=1"),
        (
            "tritonserver --model-repository=/a --model-store=/b --model-store /a",
            "tritonserver --model-store=/b --model-store=/a",
        ),
        (
            "tritonserver --backend-config=python,a=1 --backend-config=python,a=2",
            "tritonserver --backend-config=python,a=2",
        ),
        (
            "tritonserver --cuda-memory-pool-byte-size=1:5 --cuda-memory-pool-byte-size=0:6",
            "tritonserver --cuda-memory-pool-byte-size=0:6 --cuda-memory-pool-byte-size=1:5",
        ),
        (
            "tensorflow_model_server --enable_batching",
            "tensorflow_model_server --enable_batching=1",
        ),
        (
            "python -m huggingfaceserver --max_length=5",
            "python -m huggingfaceserver --max-model-len=5",
        ),
        ("gunicorn a:b -b :80", "gunicorn a:b --bind=0.0.0.0:80"),
        ("gunicorn a:b -w4", "gunicorn --workers 4 a:b"),
    ],
)
def test_two_ways_to_write_one_meaning_are_equal(one: str, other: str) -> None:
    assert facts(one) == facts(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vllm serve m --max-model-len 32k", "vllm serve m --max-model-len 32K"),
        ("vllm serve m --max-model-len 1.5K", "vllm serve m --max-model-len 1.5k"),
        ("vllm serve m --served-model-name a b", "vllm serve m --served-model-name b a"),
        ("vllm serve m --served-model-name a b", "vllm serve m --served-model-name 'a b'"),
        ("vllm serve m --no-enable-prefix-caching", "vllm serve m"),
        ("vllm serve m --revision 1.0", "vllm serve m --revision 1"),
        ("python -m huggingfaceserver --model-id=a", "python -m huggingfaceserver --model_id=a"),
        ("gunicorn a:b -b :80 -b :81", "gunicorn a:b -b :81"),
        ("tritonserver --backend-config=a,x=1", "tritonserver --backend-config=b,x=1"),
    ],
)
def test_two_meanings_are_never_equal(one: str, other: str) -> None:
    assert facts(one) != facts(other)


@given(st.integers(-(10**15), 10**15), st.integers(0, 3))
def test_integers_are_equal_by_value(number: int, zeros: int) -> None:
    sign = "-" if number < 0 else ""

    assert values.integer(f"{sign}{'0' * zeros}{abs(number)}") == str(number)


@given(st.decimals(-1000, 1000, places=6), st.integers(0, 4))
def test_numbers_are_equal_by_value_and_written_without_loss(number: Decimal, zeros: int) -> None:
    written = values.number(f"{number:f}{'0' * zeros}")

    assert Decimal(written) == number
    assert values.number(written) == written


@given(st.lists(st.text(max_size=4), max_size=3), st.lists(st.text(max_size=4), max_size=3))
def test_two_lists_look_alike_only_if_they_are_equal(one: list[str], other: list[str]) -> None:
    assert (values.listed(one) == values.listed(other)) == (one == other)
