"""Where a flag stands among the words of a container, and where that is not known."""

import pytest

from stagingmirror.drift.command.flags import Given, find
from stagingmirror.drift.command.words import Words
from stagingmirror.drift.facts import Why

FLAG = "--tokenizer-revision"
VLLM = ("vllm", "serve", "org/model")


def args(*words: str) -> Words:
    return Words(VLLM, words)


def why(words: Words, flag: str = FLAG) -> Why:
    found = find(words, flag)
    assert isinstance(found, Why), found
    return found


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (args(FLAG, "abc"), Given(3, "apart", "abc")),
        (args(f"{FLAG}=abc"), Given(3, "joined", "abc")),
        (args(f"{FLAG}=a=b"), Given(3, "joined", "a=b")),
        (args(f"{FLAG}="), Given(3, "joined", "")),
        (args(FLAG, ""), Given(3, "apart", "")),
        (args(FLAG), Given(3, "alone", "true")),
        (args(FLAG, "--enforce-eager"), Given(3, "alone", "true")),
        (args(FLAG, "-1"), Given(3, "apart", "-1")),
        (args(FLAG, "-"), Given(3, "apart", "-")),
        (args("--tokenizer_revision", "abc"), Given(3, "apart", "abc")),
        (args("--max-len", "1", FLAG, "abc", "--x"), Given(5, "apart", "abc")),
        (args(FLAG, "--", "positional"), Given(3, "alone", "true")),
        (Words((*VLLM, FLAG), ("abc",)), Given(3, "apart", "abc")),
        (Words((), (FLAG, "abc")), Given(0, "apart", "abc")),
    ],
)
def test_a_flag_is_found_in_each_form(words: Words, given: Given) -> None:
    assert find(words, FLAG) == given


@pytest.mark.parametrize(
    "words",
    [
        args(),
        args("--tokenizer", "abc"),
        args("--tokenizer-revision-of", "abc"),
        args("--tokenizer=--x"),
        args("-tokenizer-revision", "abc"),
        args("--TOKENIZER-REVISION", "abc"),
        args("tokenizer-revision=abc"),
        Words(),
    ],
)
def test_another_flag_is_not_this_one(words: Words) -> None:
    assert find(words, FLAG) is None


def test_the_beginning_of_another_flag_is_a_flag_of_its_own() -> None:
    words = args("--model-name", "a", "--model", "b", "--models=c")

    assert find(words, "--model") == Given(5, "apart", "b")


@pytest.mark.parametrize(
    "words",
    [
        args(FLAG, "a", FLAG, "b"),
        args(FLAG, "a", f"{FLAG}=a"),
        args(FLAG, "a", "--tokenizer_revision=b"),
        args(FLAG, "a", "--", FLAG, "b"),
    ],
)
def test_a_flag_that_is_given_twice_is_ambiguous(words: Words) -> None:
    assert why(words).reason == "Ambiguous"


def test_what_follows_two_dashes_is_no_flag() -> None:
    assert why(args("--", FLAG, "abc")).reason == "NotComparable"


def test_a_word_with_one_dash_may_be_the_value_of_the_flag_before_it() -> None:
    assert why(args(FLAG, "-Xmx4g")).reason == "NotComparable"
    assert isinstance(find(args("-Xmx4g", FLAG), FLAG), Given)


@pytest.mark.parametrize(
    "words",
    [
        Words(("/usr/bin/tini", "--", "vllm", "serve", "m"), (FLAG, "abc")),
        Words(("dumb-init", "-v", "--", "vllm"), (FLAG, "abc")),
        Words((), ("--", "vllm", "serve", "m", FLAG, "abc")),
    ],
)
def test_an_init_program_has_the_program_that_it_starts_after_two_dashes(words: Words) -> None:
    found = find(words, FLAG)

    assert isinstance(found, Given)
    assert found.value == "abc"


def test_after_the_dashes_of_an_init_program_others_end_the_flags() -> None:
    assert why(Words(("tini", "--", "vllm", "--", FLAG, "a"))).reason == "NotComparable"


@pytest.mark.parametrize(
    "words",
    [
        Words(("sh", "-c"), (f"exec vllm serve m {FLAG} abc",)),
        Words(("/bin/bash", "-exc", f"vllm {FLAG} abc")),
        Words(("bash", "-o", "pipefail", "-c", "vllm")),
        Words(("bash", "-eo", "pipefail", "-c", "vllm")),
        Words(("/usr/bin/env", "bash", "-lc"), ("vllm",)),
        Words(("tini", "--", "sh", "-c", "vllm"), (FLAG, "abc")),
        Words((), ("sh", "-c", "vllm")),
        Words((), ("-c", f"vllm {FLAG} abc")),
        Words(("busybox", "sh", "-c"), ("vllm",)),
        Words(("bash", "--rcfile", "rc", "-c", "vllm")),
        Words(("bash", "-O", "extglob", "-c", "vllm")),
        Words(("fish", "-c", "vllm")),
        Words(("env", "-S", f"vllm {FLAG} abc")),
        Words(("/usr/bin/env", f"--split-string=vllm {FLAG} abc"), (FLAG, "abc")),
    ],
)
def test_the_words_of_a_shells_script_are_not_read(words: Words) -> None:
    assert why(words).reason == "ShellScript"


@pytest.mark.parametrize(
    "words",
    [
        Words(("bash", "/start.sh", "-c"), (FLAG, "abc")),
        Words(("bash", "-e", "/start.sh"), (FLAG, "abc")),
        Words(("gunicorn",), ("-c", "gunicorn.conf.py", FLAG, "abc")),
        Words((), ("-c", "gunicorn.conf.py", FLAG, "abc")),
    ],
)
def test_the_arguments_of_a_script_in_a_file_are_read(words: Words) -> None:
    assert isinstance(find(words, FLAG), Given)


def test_no_value_is_in_what_is_said() -> None:
    for words in (args(FLAG, "s3cret", FLAG, "s3cret"), args("--", FLAG, "s3cret")):
        assert "s3cret" not in why(words).message
