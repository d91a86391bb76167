"""Staging's answers against production's."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from stagingmirror.drift.parity import structure
from stagingmirror.drift.parity.answers import Answers, Column, Flags, State
from stagingmirror.drift.parity.causes.evidence import Evidence, Sides
from stagingmirror.drift.parity.causes.likely import likely
from stagingmirror.drift.parity.causes.renamed import renamed
from stagingmirror.drift.parity.comparing.inference import (
    comparer,
    fits,
    inferred,
    tolerance,
    type_of,
)
from stagingmirror.drift.parity.comparing.measures import Comparer
from stagingmirror.drift.parity.names import shown
from stagingmirror.drift.parity.noise import too_noisy
from stagingmirror.drift.parity.result import (
    MOST_FEATURES,
    MOST_FINDINGS,
    MOST_IGNORED,
    FeatureParity,
    Group,
    Ignored,
    LeftOut,
    Parity,
)
from stagingmirror.drift.parity.rules import Rules, Tolerance

# Event timestamps that are less than so many seconds apart are one: floats cannot show less.
_SAME_EVENT = 1e-6
# What stands there is not compared, so that two of them agree in nothing.
_UNREAD = (State.ERROR, State.DEFAULT)
_GROUPS: tuple[Group, ...] = ("logic", "data", "values")
_IN_ORDER = "staging names the features in another order"


@dataclass(frozen=True, slots=True, eq=False)
class _Trio:
    """One feature in production's answers, staging's, and production's again."""

    before: Column
    staging: Column
    after: Column


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A feature in a group, and the samples behind its numbers."""

    name: str
    parity: FeatureParity
    trio: _Trio
    comparer: Comparer
    tolerance: Tolerance
    differing: Flags
    equal: Flags


def judge(before: Answers, staging: Answers, after: Answers, rules: Rules) -> Parity:
    """``before`` and ``after``: production's answers to the samples that staging answered in
    between. A sample that failed on one of the three counts as failed, and for nothing else.

    Production's own disagreement is the noise floor: a sample on which it contradicts itself is
    noise, and no difference. Structure is never excused by that. CPU-bound, and linear in the
    number of values: call it off the loop.
    """
    failed = before.failed | staging.failed | after.failed
    if failed.any():
        rows = np.flatnonzero(~failed)
        before, staging, after = before.of(rows), staging.of(rows), after.of(rows)
    names = dict.fromkeys([*before.columns, *after.columns, *staging.columns])
    ignored = {
        name: rule.ignore
        for name in names
        if (rule := rules.of(name)) is not None and rule.ignore is not None
    }
    with np.errstate(all="ignore"):
        made = structure.compared(before, staging, after, ignored.__contains__)
        trios = {
            name: _Trio(column, staging.columns[name], after.columns[name])
            for name, column in before.columns.items()
            if name not in ignored and name in staging.columns and name in after.columns
        }
        found = [each for name, trio in trios.items() for each in _feature(name, trio, rules)]
        found.sort(key=_rank)
        features = tuple(each.parity for each in found[:MOST_FEATURES])
        if rules.magnitudes:
            sides = Sides(before.columns, staging.columns)
            features = tuple(_with_magnitudes(each, sides) for each in found[:MOST_FEATURES])
            made = _with_names(made, before, staging, rules)
    return Parity(
        samples=before.samples,
        failed=int(np.count_nonzero(failed)),
        structure=tuple(islice(made.differs.values(), MOST_FINDINGS)),
        unsteady=tuple(islice(made.unsteady.values(), MOST_FINDINGS)),
        shown=tuple(islice(_shown(made, trios, rules), MOST_FINDINGS)),
        structure_differs=len(made.differs),
        features=features,
        left_out=tuple(_left_out([each.parity for each in found[MOST_FEATURES:]])),
        ignored=tuple(
            Ignored(shown(name), reason) for name, reason in islice(ignored.items(), MOST_IGNORED)
        ),
        ignored_features=len(ignored),
    )


def _feature(name: str, trio: _Trio, rules: Rules) -> Iterator[_Found]:
    rule = rules.of(name)
    comparison = rule.comparison if rule is not None else None
    used = comparison or inferred(trio.before)
    allowed = tolerance(rule, rules, trio.before)
    compares = comparer(used, rule, allowed, trio.before)
    steady = compares.equal(trio.before, trio.after)
    noise = len(steady) - int(np.count_nonzero(steady))
    is_complete = trio.before.is_complete
    if not is_complete:
        for state in _UNREAD:
            steady &= (trio.before.states != state) | (trio.staging.states != state)
    equal = compares.equal(trio.before, trio.staging)
    differing = steady & ~equal
    if differing.any():
        # As close to one of production's answers as these are to each other.
        equal |= compares.equal(trio.after, trio.staging)
        differing = steady & ~equal
    is_noisy = too_noisy(int(np.count_nonzero(differing)), noise, len(steady))
    shown_type = type_of(trio.before, used)
    for group, judged, differs in _groups(trio, steady, differing, rules):
        count, could = int(np.count_nonzero(differs)), int(np.count_nonzero(judged))
        parity = FeatureParity(
            name=shown(name),
            group=group,
            type=shown_type,
            comparison=used,
            inferred=comparison is None,
            judged=could,
            differing=count,
            noise=noise,
            noisy=is_noisy,
            differs=count > rules.max_mismatches and not is_noisy,
            valued=could if is_complete else _valued(judged, trio.before),
        )
        yield _Found(name, parity, trio, compares, allowed, differs, steady & equal)


def _valued(judged: Flags, production: Column) -> int:
    return int(np.count_nonzero(judged & (production.states == State.VALUE)))


def _groups(
    trio: _Trio, steady: Flags, differing: Flags, rules: Rules
) -> Iterator[tuple[Group, Flags, Flags]]:
    """Each group, with the samples that could show such a difference, and those that do."""
    ours, theirs, again = (each.timestamps for each in (trio.before, trio.staging, trio.after))
    if rules.masked or ours is None or theirs is None:
        yield "values", steady, differing
        return
    given = np.isfinite(ours) & np.isfinite(theirs)
    if not given.any():
        yield "values", steady, differing
        return
    same = given & (np.abs(ours - theirs) <= _SAME_EVENT)
    if again is not None:
        same |= given & (np.abs(again - theirs) <= _SAME_EVENT)
    unknown = differing & ~given
    yield "logic", steady & same, differing & same
    yield "data", steady & ~unknown, differing & given & ~same
    if unknown.any():
        yield "values", steady & ~given, unknown


def _rank(found: _Found) -> tuple[bool, bool, int]:
    """What differs comes first, then what is too noisy."""
    each = found.parity
    return not each.differs, not each.noisy, -each.differing


def _with_magnitudes(found: _Found, sides: Sides) -> FeatureParity:
    if not found.parity.differing:
        return found.parity
    trio, rows = found.trio, np.flatnonzero(found.differing)
    largest = found.comparer.largest(trio.before, trio.staging, rows)
    evidence = Evidence(
        found.name,
        found.parity.group,
        trio.before,
        trio.staging,
        found.comparer,
        found.tolerance,
        rows,
        np.flatnonzero(found.equal),
        sides,
    )
    # Where production contradicts itself so often, nothing explains staging's.
    cause = None if found.parity.noisy else likely(evidence, found.parity.comparison)
    if largest is None:
        return replace(found.parity, cause=cause)
    return replace(
        found.parity,
        largest=largest.difference,
        measured=largest.measured,
        allowed=largest.allowed,
        cause=cause,
    )


def _with_names(
    made: structure.Structure, before: Answers, staging: Answers, rules: Rules
) -> structure.Structure:
    """With the names in staging of features that are missing."""
    named = renamed(before.columns, staging.columns, made.missing, made.extra, rules)
    texts = {
        (name, "there"): f"{shown(name)} is missing; {shown(other)} has its values"
        for name, other in named.items()
    }
    return replace(made, differs=made.differs | texts)


def _left_out(rest: list[FeatureParity]) -> Iterator[LeftOut]:
    for group in _GROUPS:
        of_group = [each for each in rest if each.group == group]
        if of_group:
            differing = sum(each.differs for each in of_group)
            yield LeftOut(
                group,
                len(of_group),
                differing,
                noisy=sum(each.noisy for each in of_group),
                judged=min(each.judged for each in of_group),
                valued=sum(each.valued for each in of_group),
            )


def _shown(made: structure.Structure, trios: dict[str, _Trio], rules: Rules) -> Iterator[str]:
    if made.in_other_order:
        yield _IN_ORDER
    for name, trio in trios.items():
        rule = rules.of(name)
        wanted = rule.comparison if rule is not None else None
        if wanted is not None and not fits(wanted, trio.before):
            found = type_of(trio.before, inferred(trio.before))
            yield f"{shown(name)} is {found}, which {wanted} does not compare: it must be the same"
