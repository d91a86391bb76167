"""Work with text that others write grows no faster than the text."""

import gc
import re
from collections.abc import Iterator

import pytest

from support.growth import PARSERS
from support.growth.parser import Parser

# Of the largest size that is let through, the smallest of three; each is four times the former.
SMALLEST = 64
# What four times, and 16 times, the text may cost; where work grows with the square it is 16 and
# 256 times as much.
MIDDLE, LARGE = 12, 64
# A machine that does something else meanwhile is no growth, which is there each time.
TRIES = 3
# Seconds that count as nothing, so that the clock's own steps are no growth.
NOTHING = 5e-5


@pytest.fixture
def _quiet() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def growth(parser: Parser) -> tuple[float, float]:
    """How many times as much four times, and 16 times, the text costs."""
    small, middle, large = (
        max(NOTHING, parser.seconds(parser.full // SMALLEST * times, least=0.002))
        for times in (1, 4, 16)
    )
    return middle / small, large / small


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize("name", PARSERS)
def test_the_work_grows_with_the_text(name: str) -> None:
    found: list[tuple[float, float]] = []
    while len(found) < TRIES:
        found.append(growth(PARSERS[name]))
        if found[-1][0] < MIDDLE and found[-1][1] < LARGE:
            return

    pytest.fail(f"4 and 16 times the text cost {found} times the work")


def test_what_grows_with_the_square_is_found() -> None:
    pattern = re.compile(r"([a-z]+)[^b]*b")
    square = Parser(lambda size: "a" * size, pattern.fullmatch, 32_000)

    assert growth(square)[1] > LARGE
