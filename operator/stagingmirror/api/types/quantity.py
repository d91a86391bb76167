"""Sizes as Kubernetes users write them: ``50Gi``, ``500M``. Bytes inside."""

import re
from decimal import Decimal

from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason

PATTERN = r"^[0-9]+(\.[0-9]+)?(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"
MAX_LENGTH = 16
REMEDY = "write a size as a number with Ki, Mi, Gi or Ti, e.g. 50Gi"

_PARTS = re.compile(r"([0-9.]+)([A-Za-z]*)")
_WHOLE = re.compile(PATTERN)
_BYTES = {
    "": 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "P": 10**15,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
    "Pi": 2**50,
}


def parse_bytes(text: str) -> int:
    """The size in whole bytes, rounded down. Raises NeedsHuman (InvalidQuantity)."""
    parts = _PARTS.fullmatch(text) if len(text) <= MAX_LENGTH and _WHOLE.fullmatch(text) else None
    if parts is None:
        raise NeedsHuman(Reason.INVALID_QUANTITY, f'"{text[:64]}" is no size; {REMEDY}.')
    number, unit = parts.groups()
    return int(Decimal(number) * _BYTES[unit])
