"""Values and sizes as lines of a terminal show them."""

from stagingmirror.drift.legible import legible, shortened
from stagingmirror.drift.steps import Value

# Characters of a single value in a line.
MAX_SHOWN = 128


def size(count: int) -> str:
    """Bytes, rounded: ``90 MB``."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit != "GB" else f"{amount:.1f} GB"
        amount /= 1000
    return f"{amount:.1f} TB"


def shown(value: Value) -> str:
    """A value cut to the length that a line has room for; ``the copy`` where an earlier step makes
    it.
    """
    if isinstance(value, str):
        return shortened(legible(value), MAX_SHOWN)
    return shortened(value.form.replace("{value}", "the copy"), MAX_SHOWN)


def counted(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
