"""Whether what differs is more than production differs from itself."""

import math

# How unlikely it must be that noise alone makes so many differ.
SIGNIFICANCE = 1e-3
# Of the samples, that production may contradict itself on before nothing is claimed of the rest.
MOST = 0.5
# Of three answers that are drawn alike and are not all the same, the middle one is the odd one out
# at most so often: each of the three is as likely to be it.
_ODD = 1 / 3


def too_noisy(differing: int, noise: int, samples: int) -> bool:
    """Whether noise explains what differs, or hides most of the samples. ``noise``: production's
    two answers differ; ``differing``: they agree, and staging's differs from both.

    An exact binomial test: if staging's answers were drawn as production's are, at most a third of
    the samples that differ at all would have staging's as the odd one out.
    """
    if noise > MOST * samples:
        return True
    return noise > 0 and differing > 0 and _tail(differing, differing + noise) >= SIGNIFICANCE


def _tail(least: int, of: int) -> float:
    """The probability that at least so many of ``of`` are the odd one out."""
    if least <= of * _ODD:
        return 1.0
    rest = of - least
    ways = math.lgamma(of + 1) - math.lgamma(least + 1) - math.lgamma(rest + 1)
    term = math.exp(ways + least * math.log(_ODD) + rest * math.log(1 - _ODD))
    total = 0.0
    for number in range(least, of + 1):
        total += term
        term *= (of - number) / (number + 1) * _ODD / (1 - _ODD)
    return total
