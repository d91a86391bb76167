"""Names of features: which pattern matches one, and how one is shown."""

import hashlib

from stagingmirror.drift.legible import legible

# Characters of a name that are shown.
MAX_NAME = 100
_DIGITS = 8


def matches(pattern: str, name: str) -> bool:
    """Whether the whole name fits. Only ``*`` has a meaning: any number of any characters, so that
    ``a[0]`` and ``b?`` are names. Case counts. Time grows with the length of both.
    """
    first, *others = pattern.split("*")
    if not others:
        return pattern == name
    *inner, last = others
    end = len(name) - len(last)
    if len(first) > end or not name.startswith(first) or not name.endswith(last):
        return False
    at = len(first)
    for part in inner:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def shown(name: str) -> str:
    """The name as a reader sees it, in at most about ``MAX_NAME`` characters. Two names that are
    too long stay apart by digits of their hash.
    """
    if len(name) <= MAX_NAME:
        return legible(name)
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{legible(name[: MAX_NAME - _DIGITS - 1])}…{digest[:_DIGITS]}"
