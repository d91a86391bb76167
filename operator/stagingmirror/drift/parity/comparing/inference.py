"""How a feature is compared, and what its values are called."""

from stagingmirror.drift.parity.answers import Column, Exacts, Kind, Numbers, State, Vectors
from stagingmirror.drift.parity.comparing.embeddings import Embedding
from stagingmirror.drift.parity.comparing.measures import Comparer, Exact
from stagingmirror.drift.parity.comparing.scalars import (
    Number,
    Timestamp,
    has_wide,
    is_time,
    is_times,
    unit_of,
)
from stagingmirror.drift.parity.rules import Comparison, FeatureRule, Rules, Tolerance

COSINE = 1e-5
NAMES = {
    Kind.NUMBER: "number",
    Kind.TEXT: "text",
    Kind.TRUTH: "true or false",
    Kind.NUMBERS: "list of numbers",
    Kind.LIST: "list",
}


def inferred(production: Column) -> Comparison:
    """Numbers are compared as such, lists of floats as embeddings, times as RFC 3339 writes them
    as times. Lists of integers, integers of more than 53 bits and anything else must be the same:
    they are ids and codes.
    """
    values = production.values
    if isinstance(values, Numbers):
        return Comparison.NUMBER
    if isinstance(values, Vectors):
        return Comparison.EXACT if values.whole else Comparison.EMBEDDING
    texts = values.texts[production.states == State.VALUE]
    is_all_times = len(texts) > 0 and all(map(is_time, texts))
    return Comparison.TIMESTAMP if is_all_times else Comparison.EXACT


def tolerance(rule: FeatureRule | None, rules: Rules, production: Column) -> Tolerance:
    """Of a feature of this rule. Integers that no rule is about have no relative tolerance: of
    times since 1970 a ten thousandth is two days, and a code is the same or is another one. Of
    those that no float holds a rule must give it.
    """
    found = rules.tolerance_of(rule)
    values = production.values
    is_given = rule is not None and (rule.absolute is not None or rule.relative is not None)
    if has_wide(production) and not is_given:
        return Tolerance(found.absolute, 0.0)
    is_ruled = is_given or (rule is not None and rule.comparison is not None)
    if is_ruled or not isinstance(values, Numbers):
        return found
    if values.whole:
        return Tolerance(found.absolute, 0.0)
    is_exact = is_times(
        values.values if production.is_complete else values.values[production.states == State.VALUE]
    )
    return Tolerance(found.absolute, 0.0) if is_exact else found


def comparer(
    comparison: Comparison, rule: FeatureRule | None, allowed: Tolerance, production: Column
) -> Comparer:
    """What compares a feature of this rule. ``allowed``: its ``tolerance``."""
    match comparison:
        case Comparison.NUMBER:
            return Number(allowed)
        case Comparison.EMBEDDING:
            cosine = COSINE if rule is None or rule.cosine is None else rule.cosine
            return Embedding(allowed, cosine)
        case Comparison.TIMESTAMP:
            within = 0.0 if rule is None or rule.within is None else rule.within
            return Timestamp(within, unit_of(production))
        case Comparison.EXACT:
            return Exact()


def fits(comparison: Comparison, production: Column) -> bool:
    """Whether production has values that can be compared so; those that cannot must be the
    same.
    """
    values = production.values
    if not (production.states == State.VALUE).any() or comparison == Comparison.EXACT:
        return True
    if comparison == Comparison.EMBEDDING:
        return isinstance(values, Vectors)
    return isinstance(values, Numbers | Exacts)


def type_of(production: Column, comparison: Comparison) -> str:
    """As it is shown."""
    kinds = production.kinds_found
    shape = " x ".join(map(str, production.shapes[0])) if len(production.shapes) == 1 else ""
    if production.declared:
        return f"{production.declared}[{shape}]" if shape else production.declared
    if comparison == Comparison.EMBEDDING and kinds == (Kind.NUMBERS,):
        return f"embedding of {shape}" if shape else "embeddings of several dimensions"
    if comparison == Comparison.TIMESTAMP:
        return "time"
    if isinstance(production.values, Numbers) and kinds and production.values.whole:
        return "integer"
    return " or ".join(NAMES[kind] for kind in kinds) or "no value"
