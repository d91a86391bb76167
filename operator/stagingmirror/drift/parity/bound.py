"""What a number of samples proves of all."""

import math

CONFIDENCE = 0.95


def bound(samples: int) -> float:
    """The largest share of all inputs that may differ, at 95 %, where none of so many did.

    The exact upper limit of Clopper and Pearson (Biometrika 26, 1934) for no occurrence, one-sided:
    ``1 - 0.05 ** (1 / n)``. The rule of three, ``3 / n``, approximates it (Hanley and Lippman-Hand,
    JAMA 249, 1983). It holds for inputs that are drawn as the samples were.
    """
    return 1.0 if samples <= 0 else -math.expm1(math.log(1 - CONFIDENCE) / samples)


def none_differ(samples: int) -> str:
    """``0 of 300 differ: < 1 % at 95 %``; never less than the bound. Without samples nothing is
    known: ``none compared``.
    """
    if samples <= 0:
        return "none compared"
    return f"0 of {samples} differ: < {_rounded_up(100 * bound(samples)):g} % at 95 %"


def some_differ(differing: int, samples: int, noise: int) -> str:
    """``12 of 300 differ, noise 0``."""
    return f"{differing} of {samples} differ, noise {noise}"


def _rounded_up(percent: float) -> float:
    """To two digits."""
    step = 10.0 ** (math.floor(math.log10(percent)) - 1)
    return math.ceil(percent / step - 1e-9) * step
