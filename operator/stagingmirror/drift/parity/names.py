"""Names of features: which pattern matches one, and how one is shown."""

import hashlib

from stagingmirror.drift.legible import legible

# Characters of a name that are shown.
MAX_NAME = 100
_DIGITS = 8


def shown(name: str) -> str:
    """The name as a reader sees it, in at most about ``MAX_NAME`` characters. Two names that are
    too long stay apart by digits of their hash.
    """
    if len(name) <= MAX_NAME:
        return legible(name)
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{legible(name[: MAX_NAME - _DIGITS - 1])}…{digest[:_DIGITS]}"
