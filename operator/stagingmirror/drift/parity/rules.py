"""What counts as equal, feature by feature."""

from dataclasses import dataclass
from enum import StrEnum

from stagingmirror.patterns import matches


class Comparison(StrEnum):
    """How two values of one feature are compared.

    - ``Number``: ``|a - b| <= absolute + relative * max(|a|, |b|)``
    - ``Embedding``: the dimension; the largest difference of an element, at most ``absolute +
      relative * largest element``; one minus the cosine; the difference of the norms
    - ``Exact``: equal, lists and texts too
    - ``Timestamp``: at most ``within`` seconds apart; RFC 3339, or seconds or milliseconds since
      1970, which of them is decided by production's
    """

    NUMBER = "Number"
    EMBEDDING = "Embedding"
    EXACT = "Exact"
    TIMESTAMP = "Timestamp"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Both at least 0. They are added: see ``Comparison``."""

    absolute: float
    relative: float


@dataclass(frozen=True, slots=True)
class FeatureRule:
    """Of all features whose name the pattern matches (``patterns.matches``).

    ``comparison`` None: inferred from production's answers. Where one of ``absolute`` and
    ``relative`` is given, the other one is 0, as in pytest's ``approx``; where neither is, the
    default tolerance holds. ``cosine``: the most that one minus the cosine may be; None: 1e-5.
    ``within``: seconds. ``ignore``: why the feature is not compared.
    """

    name: str
    comparison: Comparison | None = None
    absolute: float | None = None
    relative: float | None = None
    cosine: float | None = None
    within: float | None = None
    ignore: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Of one probe. ``features``: the first that matches counts.

    ``max_mismatches``: of the samples of a feature, so many may differ. ``masked``: samples are
    pairs of other ids, so that nothing proves a difference to be one of logic or of data: group
    ``values``. ``magnitudes``: whether the result may hold what is derived from values; without,
    only names, types and counts.
    """

    tolerance: Tolerance
    features: tuple[FeatureRule, ...]
    max_mismatches: int
    masked: bool
    magnitudes: bool

    def of(self, feature: str) -> FeatureRule | None:
        """The rule that counts for this feature."""
        return next((each for each in self.features if matches(each.name, feature)), None)

    def tolerance_of(self, rule: FeatureRule | None) -> Tolerance:
        """Absolute and relative, as they hold for a feature of this rule."""
        if rule is None or (rule.absolute is None and rule.relative is None):
            return self.tolerance
        return Tolerance(rule.absolute or 0.0, rule.relative or 0.0)
