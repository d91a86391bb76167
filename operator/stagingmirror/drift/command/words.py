"""A container's command and arguments, word by word, as they are declared.

They are anybody's texts: how many of them are kept is bounded.
"""

from collections.abc import Iterable
from typing import NamedTuple

# Words, and characters of all words together, of what is read.
MAX_WORDS = 4096
MAX_CHARACTERS = 1024 * 1024


class Words(NamedTuple):
    """``command`` takes the place of the image's ENTRYPOINT, ``args`` that of its CMD; empty: those
    of the image count, which are not read.
    """

    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """As the program is given them, but for what is the image's."""
        return (*self.command, *self.args)


NO_WORDS = Words()


def words_of(command: Iterable[object], args: Iterable[object]) -> Words | None:
    """None: there are more than are read."""
    words = Words(tuple(map(str, command)), tuple(map(str, args)))
    is_bounded = len(words.all) <= MAX_WORDS and sum(map(len, words.all)) <= MAX_CHARACTERS
    return words if is_bounded else None
