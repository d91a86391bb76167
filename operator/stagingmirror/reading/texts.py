"""Texts of any length as facts."""

import re
from hashlib import sha256

# Characters of a text that is shown as it is; an acceptance can name as many.
MAX_SHOWN = 1024
_HASHED = re.compile(r"sha256:[0-9a-f]{64} \([0-9]{1,18} characters\)", re.ASCII)


def as_fact(text: str, most: int = MAX_SHOWN) -> str:
    """The text, or its hash and length where it has more than ``most`` characters. A text that
    looks like such a hash is hashed too: texts that differ are never one fact.
    """
    if len(text) <= most and _HASHED.fullmatch(text) is None:
        return text
    digest = sha256(text.encode(errors="surrogatepass")).hexdigest()
    return f"sha256:{digest} ({len(text)} characters)"
