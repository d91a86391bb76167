"""Names of files."""

from unicodedata import category


def is_control(character: str) -> bool:
    """Of a file's name: a line end in it would forge lines of the tree hash."""
    return category(character) in ("Cc", "Zl", "Zp")
