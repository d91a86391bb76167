"""Values as a reader sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.legible import in_line, legible, legible_pair, pair


@pytest.mark.parametrize(
    "text", ["2026-11-21", "größe 渚", "a b", "https://host/x?y=z", '"quoted"', r"a\nb"]
)
def test_a_value_that_a_reader_sees_whole_is_shown_as_it_is(text: str) -> None:
    assert legible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("true ", '"true "'),
        ("a\r\nb\tc", r'"a\r\nb\tc"'),
        ("a\u200bb\u3000", r'"a\u200bb\u3000"'),
        ("\x1b[2J", r'"\u001b[2J"'),
        ('say "hi"\n', r'"say \"hi\"\n"'),
        ("", '""'),
        ("\U000e0041", r'"\U000e0041"'),
        ("v1\u3164", r'"v1\u3164"'),
        ("\u2800", r'"\u2800"'),
        ("v1\ufe0f", r'"v1\ufe0f"'),
    ],
)
def test_what_is_not_seen_is_written_out(text: str, shown: str) -> None:
    assert legible(text) == shown


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        ("2026-11-21", "2026-11-21\n", ('"2026-11-21"', r'"2026-11-21\n"')),
        ("gpt\u20114", "gpt-4", (r'"gpt\u20114"', '"gpt-4"')),
        ("\u0430bc", "abc", (r'"\u0430bc"', '"abc"')),
        ("\uff21", "A", (r'"\uff21"', '"A"')),
        ("\u00e9", "e\u0301", (r'"\u00e9"', r'"e\u0301"')),
        ("a\u00a0b", "a b", (r'"a\u00a0b"', '"a b"')),
        ("größe", "klein", ("größe", "klein")),
        ('"true "', "true ", (r'"\"true \""', '"true "')),
        ("v1", "v1\u3164", ('"v1"', r'"v1\u3164"')),
        ("v1", "v1\uffa0", ('"v1"', r'"v1\uffa0"')),
        ("v\u28001", "v1", (r'"v\u28001"', '"v1"')),
    ],
)
def test_two_values_that_differ_do_not_look_alike(
    one: str, other: str, shown: tuple[str, str]
) -> None:
    assert legible_pair(one, other) == shown


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=60))
def test_two_values_that_differ_are_never_shown_as_the_same(
    one: str, other: str, before: str
) -> None:
    shown = pair(before + one, before + other, 24)

    assert (shown[0] == shown[1]) == (one == other)
    assert all(len(each) <= 24 and each.isprintable() for each in shown)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("candidate 14\n", "candidate 14 "),
        ("models:/a\n✓ in sync/1", "models:/a ✓ in sync/1"),
        ("\x1b[2J", r"\u001b[2J"),
        ("\u009b2J", r"\u009b2J"),
        ("app\u202e1:gnp", r"app\u202e1:gnp"),
        ("größe\u3000渚", "größe\u3000渚"),
    ],
)
def test_a_sentence_with_what_others_wrote_is_one_line_that_nothing_obeys(
    text: str, line: str
) -> None:
    assert in_line(text) == line
    assert in_line(line) == line
