"""Sizes as Kubernetes users write them: ``50Gi``, ``500M``. Bytes inside; and any quantity, spelled
one way (``kubernetes.utils.quantity`` reads them too, and brings its whole client into memory).
"""

import re
from decimal import Decimal
from functools import lru_cache

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


# Of a resource that counts bytes: as people write them.
_BYTE_RESOURCES = ("memory", "storage", "ephemeral-storage", "hugepages-")
_QUANTITY = re.compile(r"([+-]?[0-9.]{1,32})(?:([eE][+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)")
_FACTORS = {
    **{unit: Decimal(size) for unit, size in _BYTES.items()},
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "E": Decimal(10**18),
    "Ei": Decimal(2**60),
}
_BINARY = ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki")


@lru_cache(maxsize=4096)
def canonical(resource: str, text: str) -> str:
    """One spelling of all quantities of one value: ``1000m`` is ``1``, ``1024Mi`` is ``1Gi``. What
    is no quantity stays as it is.
    """
    parts = _QUANTITY.fullmatch(text)
    try:
        value = Decimal(parts[1] + (parts[2] or "")) * _FACTORS[parts[3] or ""] if parts else None
    except ArithmeticError:
        value = None
    if value is None:
        return text
    if resource.startswith(_BYTE_RESOURCES) and value and value == int(value):
        for unit in _BINARY:
            if value % _FACTORS[unit] == 0:
                return f"{int(value / _FACTORS[unit])}{unit}"
    return f"{value.normalize():f}"
