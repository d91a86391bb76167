"""A flag is written in the form in which it stands, and rolled back to the very words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.command.edits import added, entry_of, replaced, wanted
from stagingmirror.drift.command.flags import Form, Given, find
from stagingmirror.drift.command.words import Words

FLAG = "--tokenizer-revision"
# Words that stand around the flag: none is the flag, and none makes it something else.
AROUND = st.lists(st.sampled_from(["vllm", "serve", "m", "--x", "--y=1", "-1", "", "$(A)"]))
VALUES = st.text("ab=. $()/:", max_size=6)


def standing(words: Words) -> Given:
    found = find(words, FLAG)
    assert isinstance(found, Given), found
    return found


@pytest.mark.parametrize(
    ("words", "become"),
    [
        (Words(("vllm",), (FLAG, "a", "--x")), Words(("vllm",), (FLAG, "b", "--x"))),
        (Words(("vllm",), (f"{FLAG}=a", "--x")), Words(("vllm",), (f"{FLAG}=b", "--x"))),
        (Words(("vllm",), (FLAG, "--x")), Words(("vllm",), (f"{FLAG}=b", "--x"))),
        (Words(("vllm", FLAG), ("a",)), Words(("vllm", FLAG), ("b",))),
        (Words(("vllm", f"{FLAG}=a"), ("m",)), Words(("vllm", f"{FLAG}=b"), ("m",))),
        (
            Words(("vllm",), ("--tokenizer_revision", "a")),
            Words(("vllm",), ("--tokenizer_revision", "b")),
        ),
    ],
)
def test_a_value_is_written_in_the_form_in_which_the_flag_stands(
    words: Words, become: Words
) -> None:
    assert replaced(words, standing(words), {"value": "b"}) == become


@pytest.mark.parametrize(
    ("words", "form", "become"),
    [
        (Words(("vllm",), ("m",)), "joined", Words(("vllm",), ("m", f"{FLAG}=b"))),
        (Words(("vllm",), ("m",)), "apart", Words(("vllm",), ("m", FLAG, "b"))),
        (Words(("vllm",), ("m",)), "alone", Words(("vllm",), ("m", FLAG))),
        (Words(("vllm", "m")), "joined", Words(("vllm", "m"), (f"{FLAG}=b",))),
        (
            Words(("vllm",), ("m", "--", "p")),
            "joined",
            Words(("vllm",), ("m", f"{FLAG}=b", "--", "p")),
        ),
        (
            Words(("vllm", "--"), ("p",)),
            "joined",
            Words(("vllm", f"{FLAG}=b", "--"), ("p",)),
        ),
        (
            Words(("tini", "--", "vllm"), ("m",)),
            "apart",
            Words(("tini", "--", "vllm"), ("m", FLAG, "b")),
        ),
    ],
)
def test_a_flag_is_added_after_all_others_and_before_what_is_positional(
    words: Words, form: Form, become: Words
) -> None:
    assert added(words, FLAG, "b", form) == become


@given(AROUND, AROUND, AROUND, st.sampled_from(["joined", "apart", "alone"]), VALUES, VALUES)
def test_what_is_written_is_read_and_what_is_rolled_back_is_as_before(
    command: list[str], before: list[str], after: list[str], form: Form, old: str, new: str
) -> None:
    flag = {"joined": [f"{FLAG}={old}"], "apart": [FLAG, old], "alone": [FLAG, "--z"]}[form]
    former = Words(tuple(command), (*before, *flag, *after))
    entry = entry_of(standing(former))

    written = replaced(former, standing(former), wanted(new, None))

    assert entry_of(standing(written)) == {"value": new}
    assert replaced(written, standing(written), entry) == former


@given(AROUND, AROUND, st.sampled_from(["joined", "apart", "alone"]), VALUES)
def test_what_was_added_is_removed_again(
    command: list[str], args: list[str], form: Form, value: str
) -> None:
    former = Words(tuple(command), tuple(args))

    written = added(former, FLAG, value, form)

    assert entry_of(standing(written)) == wanted(value, form)
    assert replaced(written, standing(written), None) == former


@given(AROUND, AROUND, st.permutations(["--first", "--second"]))
def test_two_flags_of_one_container_are_independent(
    command: list[str], args: list[str], order: list[str]
) -> None:
    former = Words(tuple(command), (*args, "--first=1", "--second", "2"))
    written = former
    for flag in order:
        found = find(written, flag)
        assert isinstance(found, Given)
        written = replaced(written, found, {"value": "new"})

    assert written == Words(tuple(command), (*args, "--first=new", "--second", "new"))
