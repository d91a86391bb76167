"""Values of flags in one spelling each: equal ones are equal texts.

A spelling that its server would refuse, or that is too long to be a number, stays as it is: it is
equal only to itself.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

Reader: TypeAlias = Callable[[str], str]

TRUE: Final = "true"
FALSE: Final = "false"
# What the parsers of these servers take for a truth value, in any case: distutils' strtobool
# (KServe), click's BOOL (uvicorn), Triton's and TensorFlow's own. None of them gives one of these
# words the other meaning.
_TRUTHS: Final = {
    **dict.fromkeys(("true", "1", "yes", "on", "t", "y"), TRUE),
    **dict.fromkeys(("false", "0", "no", "off", "f", "n"), FALSE),
}
_INTEGER = re.compile(r"([+-]?)0*(\d{1,18})", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d{1,14}(?:\.\d{0,14})?|\.\d{1,14})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_HUMAN = re.compile(r"(\d{1,12})((?:\.\d{1,12})?)([kKmMgGtT])", re.ASCII)
_POWERS: Final = {"k": 1, "m": 2, "g": 3, "t": 4}
# Longer texts are compared as they are written.
_MOST_JSON = 64 * 1024
# Text that gives a right to whoever has it: a login in an address, a signed address, a setting that
# is named for a credential (in JSON within JSON too), what an Authorization header holds, a private
# key, tokens with the prefixes of those who hand them out, and JSON Web Tokens.
_CREDENTIAL = re.compile(
    r"://[^\s@/]*@|://[^\s@/:]*:[^\s@]{1,256}@"
    r"|\b(?:hf_|sk-|gh[a-z]_|github_pat_|glpat-|xox[a-z]-|nvapi-|(?-i:eyJ))[\w-]{16}"
    r"|\b(?-i:A[KS]IA[A-Z0-9]{16})"
    r"|-----BEGIN |\b(?:bearer|basic)\s{1,9}[\w+/=.-]"
    r"|(?:token|api[_-]?tokens|api[_-]?keys?|auth|pwd|signature|\bsig"
    r"|(?:access|account|auth|private|shared|master|encryption|license)[_-]?key(?:[_-]?id)?"
    r"|(?:passw|passphrase|secret|credential|authorization)[\w-]{0,32})"
    r"\\{0,9}[\"']?\s{0,9}[=:]",
    re.IGNORECASE | re.ASCII,
)


def text(value: str) -> str:
    """As it is written."""
    return value


def integer(value: str) -> str:
    """``4096`` and ``+04096``."""
    found = _INTEGER.fullmatch(value.strip())
    return str(int(found.group(1) + found.group(2))) if found else value


def number(value: str) -> str:
    """``0.9``, ``0.90`` and ``9e-1``."""
    if not _NUMBER.fullmatch(value.strip()):
        return value
    plain = Decimal(value.strip())
    return format(plain.normalize(), "f") if plain else "0"


def human_integer(value: str) -> str:
    """vLLM's ``1k`` (1000), ``1K`` (1024) and ``25.6k``, as its ``human_readable_int`` reads them.

    https://github.com/vllm-project/vllm/blob/main/vllm/utils/argparse_utils.py
    """
    found = _HUMAN.fullmatch(value.strip())
    if not found:
        return integer(value)
    whole, fraction, unit = found.groups()
    power = _POWERS[unit.lower()]
    if unit.islower():
        return str(int(float(whole + fraction) * 1000**power))
    return value if fraction else str(int(whole) * 1024**power)


def human_integer_or_auto(value: str) -> str:
    """The same, where ``auto`` is ``-1``."""
    return "-1" if value.strip().lower() == "auto" else human_integer(value)


def truth(value: str) -> str:
    """``true`` or ``false``."""
    return _TRUTHS.get(value.strip().lower(), value) if len(value) < 16 else value


def lower(value: str) -> str:
    """Where the case does not matter."""
    return value.lower()


def one_of(names: Mapping[str, str]) -> Reader:
    """Where some values have two names."""
    return lambda value: names.get(value, value)


def json_text(value: str) -> str:
    """JSON, whatever the order of its keys and its blanks."""
    if len(value) > _MOST_JSON:
        return value
    try:
        return as_json(json.loads(value))
    except (ValueError, RecursionError):
        return value


def json_or_pairs(value: str) -> str:
    """JSON, or ``image=2,video=1`` as older versions of vLLM have it."""
    pairs = [each.partition("=") for each in value.split(",")]
    if all(name and found for name, found, _ in pairs) and not value.lstrip().startswith("{"):
        counts = {name.strip(): integer(count) for name, _, count in pairs}
        if all(_INTEGER.fullmatch(count) for count in counts.values()):
            return as_json({name: int(count) for name, count in counts.items()})
    return json_text(value)


def as_json(value: Any) -> str:
    """Raises ValueError, RecursionError."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def listed(values: Sequence[str]) -> str:
    """Values in their order. One alone stands as it is, unless it could be taken for a list."""
    if len(values) == 1 and not values[0].startswith("["):
        return values[0]
    return json.dumps(list(values), ensure_ascii=False)


def holds_credential(value: str) -> bool:
    """Whether it may give a right to whoever reads it: it is not shown then."""
    return _CREDENTIAL.search(value) is not None


def from_json(value: str) -> Any:
    """What is written, else the text itself."""
    try:
        return json.loads(value) if len(value) <= _MOST_JSON else value
    except (ValueError, RecursionError):
        return value


def as_json_or_none(value: Any) -> str | None:
    """None: it is nested too deeply."""
    try:
        return as_json(value)
    except (ValueError, RecursionError):
        return None
