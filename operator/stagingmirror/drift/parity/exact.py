"""Values that are compared by being the same, as text: equal where the values are."""

import json

# Integers below are floats without loss; this one is the float of the next one too.
EXACT_INTEGER = 2**53


def exact_text(value: object) -> str:
    """``1`` and ``1.0`` are one number, ``true`` is none; a text begins with a quotation mark. The
    order of the keys of an object counts for nothing. A list of lists is as deep as its answer,
    which is bounded where it is read.
    """
    if isinstance(value, str):
        return f'"{value}'
    return _inner(value)


def _inner(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list):
        return f"[{','.join(map(_inner, value))}]"
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}:{_inner(value[key])}" for key in sorted(value))
        return f"{{{','.join(pairs)}}}"
    return json.dumps(value)


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    whole = value.is_integer() and abs(value) <= EXACT_INTEGER
    return str(int(value)) if whole else repr(value)
