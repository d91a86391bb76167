"""What an endpoint answers, as JSON: strict, bounded, and never quoted in an error."""

import json
from typing import Any, NoReturn, TypeAlias

from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason

Json: TypeAlias = Any
# Levels of objects and lists.
DEEPEST = 32
# Commas and opening brackets of a body: 50 MB or so of objects, until they are features.
MOST_VALUES = 250_000
# Of the words and numbers of JSON, as servers write them.
_LONGEST_WORD = 32


class _Duplicate(ValueError):
    """An object names one key twice."""


class _NoNumber(ValueError):
    """NaN or an infinity, which JSON does not have."""


class Number(str):
    """A number as it is written."""


def parsed(body: bytes, *, nan: bool, as_written: bool = False) -> Json:
    """``nan``: the servers of this protocol write NaN and Infinity where JSON has no word for them.
    ``as_written``: each number is a ``Number``.

    Raises NotAnswered: HalfRead for a body that ends early, OversizedAnswer for one that may hold
    more than ``MOST_VALUES`` values, else Garbage.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise NotAnswered(
            Reason.OVERSIZED_ANSWER,
            f"the body of the answer has more than {MOST_VALUES} commas and opening brackets, which"
            " are more values than are read",
        )
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise garbage("is not UTF-8") from None
    found = text.strip()
    if not found:
        raise garbage("is empty")
    if found.startswith("<"):
        raise garbage("is HTML or XML, not JSON; is the endpoint's url right?")
    try:
        value = json.loads(
            found,
            object_pairs_hook=_object,
            parse_constant=float if nan else _no_number,
            parse_int=Number if as_written else None,
            parse_float=Number if as_written else None,
        )
    except (ValueError, RecursionError) as error:
        raise _error(error, found) from None
    if _is_deep(value):
        raise garbage(f"has more than {DEEPEST} levels")
    return value


def garbage(what: str) -> NotAnswered:
    """``what`` holds nothing of the body."""
    return NotAnswered(Reason.GARBAGE, f"the body of the answer {what}")


def _error(error: ValueError | RecursionError, text: str) -> NotAnswered:
    match error:
        case RecursionError():
            return garbage(f"has more than {DEEPEST} levels")
        case _Duplicate():
            return garbage("names one key twice in one object")
        case _NoNumber():
            return garbage("holds NaN or Infinity, which JSON does not have; write null")
        case json.JSONDecodeError():
            if _ends_early(error, text):
                return NotAnswered(
                    Reason.HALF_READ, "the body of the answer ends in the middle of its JSON"
                )
            return garbage("is not JSON")
        case _:  # of more digits than sys.get_int_max_str_digits()
            return garbage("holds an integer with thousands of digits")


def _ends_early(error: json.JSONDecodeError, text: str) -> bool:
    """At its end, in a text, or in a word or number that its end cuts."""
    rest = text[error.pos :] if len(text) - error.pos < _LONGEST_WORD else "…"
    is_cut = error.pos > 0 and all(each.isalnum() or each in "+-." for each in rest)
    return not rest or is_cut or error.msg.startswith(("Unterminated string", "Invalid \\u"))


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Duplicate
    return found


def _no_number(_: str) -> NoReturn:
    raise _NoNumber


def _is_deep(value: Json) -> bool:
    level = [value]
    for _ in range(DEEPEST + 1):
        inner: list[Json] = []
        for each in level:
            held = list(each.values()) if type(each) is dict else each if type(each) is list else ()
            if set(map(type, held)) & {dict, list}:
                inner += [one for one in held if type(one) in (dict, list)]
        level = inner
    return bool(level)
