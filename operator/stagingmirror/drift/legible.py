"""Values as a reader sees them: what is not visible is written out, and two that differ never look
alike.
"""

import unicodedata

# Characters that are shown before the place where two long values part.
_BEFORE = 8
# Printable to Unicode, and yet nothing that a reader sees: fillers, and signs that only change the
# one before them.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
# Control and formatting characters, those that turn the direction of a line among them.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LINE_ENDS = frozenset("\n\r\t\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}
# Letters of other alphabets that look like Latin ones, those first.
_TWINS = str.maketrans(
    "АВЕЅІЈКМНОРСТХаесоруіјѕһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοѵ",  # noqa: RUF001 - that is what they are for
    "ABESIJKMHOPCTXaecopyijshdqwABEZHIKMNOPTYXov",
)


def legible(text: str) -> str:
    """The text, if a reader sees every character of it; else in quotation marks, with what is not
    seen written out.
    """
    return text if _is_seen(text) else _quoted(text)


def legible_pair(one: str, other: str) -> tuple[str, str]:
    """Both as they are, or both in quotation marks; where they differ and would look alike, with
    everything beyond ASCII written out.
    """
    if one != other and _looks(one) == _looks(other):
        return _spelled(one), _spelled(other)
    if _is_seen(one) and _is_seen(other):
        return one, other
    return _quoted(one), _quoted(other)


def is_hidden(character: str) -> bool:
    """Whether it does something to what surrounds it, or nothing at all, where a letter stands."""
    return character in _BLANK or unicodedata.category(character) in _HIDDEN


def in_line(text: str) -> str:
    """A sentence with what others wrote in it, as one line that is read as it is written: line ends
    are blanks, and what a terminal would obey is written out.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if each in _LINE_ENDS else _number(each) if is_hidden(each) else each for each in text
    )


def shortened(text: str, most: int) -> str:
    """The text, cut where it is longer than there is room for."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def between_words(text: str, most: int) -> str:
    """The same, cut between two words where one begins in the second half: no name is cut."""
    if len(text) <= most:
        return text
    end = text.rfind(" ", most // 2, most)
    return shortened(text, most) if end < 0 else f"{text[:end].rstrip(' ,;:(')}…"


def pair(one: str, other: str, most: int) -> tuple[str, str]:
    """Two values in at most ``most`` characters each. If they differ only further on, they are
    shown from shortly before the place where they part.
    """
    first, second = legible_pair(one, other)
    cut = shortened(first, most), shortened(second, most)
    if one == other or cut[0] != cut[1]:
        return cut
    start = max(0, parting(first, second) - _BEFORE)
    return shortened(f"…{first[start:]}", most), shortened(f"…{second[start:]}", most)


def parting(one: str, other: str) -> int:
    """The first place at which two texts differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _is_seen(text: str) -> bool:
    is_printed = text.isprintable() and not any(each in _BLANK for each in text)
    return bool(text) and is_printed and text == text.strip() and "  " not in text


def _quoted(text: str) -> str:
    return f'"{"".join(map(_written, text))}"'


def _written(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() and character not in _BLANK else _number(character)


def _spelled(text: str) -> str:
    return f'"{"".join(_written(each) if each.isascii() else _number(each) for each in text)}"'


def _number(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _looks(text: str) -> str:
    """Equal for texts that a reader may take for one another."""
    plain = unicodedata.normalize("NFKD", text).translate(_TWINS)
    return "".join(map(_look, plain)).strip()


def _look(character: str) -> str:
    if character in _BLANK:
        return ""
    match unicodedata.category(character):
        case "Pd":
            return "-"
        case "Pi" | "Pf" | "Lm":
            return "'"
        case "Zs" | "Zl" | "Zp":
            return " "
        case "Mn" | "Cc" | "Cf":
            return ""
        case _:
            return character
