"""Builders of what was seen and judged, hiding what a test does not care about."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from hypothesis import strategies as st

from stagingmirror.api.status.model import RefreshStatus
from stagingmirror.api.status.report import ComponentReport, Progress, Report
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import (
    Absent,
    Acceptance,
    Fact,
    Hold,
    Observation,
    Observations,
    Seen,
    Unseen,
    Why,
)
from support.clock import NOW as NOW

STALE_AFTER = 120.0


def seen(facts: Mapping[str, Fact | str] | None = None, *, age: float = 10.0, **kw: Any) -> Seen:
    """A look that began ``age`` seconds ago; a fact given as text is simply compared."""
    whole = {
        name: fact if isinstance(fact, Fact) else Fact(fact) for name, fact in (facts or {}).items()
    }
    return Seen(whole, NOW - age, **kw)


def absent(what: str = "Deployment features", *, age: float = 10.0) -> Absent:
    return Absent(what, NOW - age)


def unseen(reason: str = "NotAnswering", message: str = "MLflow timed out.") -> Unseen:
    return Unseen(Why(reason, message), NOW - 5.0)


def component(
    name: str,
    production: Observation,
    staging: Observation,
    *,
    kind: str | None = "setting",
    acceptances: tuple[Acceptance, ...] = (),
    hold: Hold | None = None,
    headline: tuple[str, ...] = ("version",),
    now: float = NOW,
) -> ComponentReport:
    """A component, judged as the engine does it."""
    observations = Observations(production, staging)
    verdict = judge(
        name, observations, acceptances=acceptances, hold=hold, now=now, stale_after=STALE_AFTER
    )
    return ComponentReport(name, kind, observations, verdict, headline)


def equal(name: str = "same", **kw: Any) -> ComponentReport:
    return component(name, seen({"value": "1"}), seen({"value": "1"}), **kw)


def drifted(name: str = "other", **kw: Any) -> ComponentReport:
    return component(name, seen({"value": "2"}), seen({"value": "1"}), **kw)


def unknown(name: str = "hidden", **kw: Any) -> ComponentReport:
    return component(name, seen({"value": "1"}), unseen(), **kw)


def held(name: str = "tested", reason: str = "candidate 14") -> ComponentReport:
    return drifted(name, hold=holding(name, reason=reason))


def holding(*names: str, until: float = NOW + 3600, reason: str = "candidate 14") -> Hold:
    return Hold("ci-4711", reason, until, frozenset(names))


def accepted(name: str = "smaller") -> ComponentReport:
    return drifted(name, acceptances=(Acceptance(name, "value", "smaller nodes"),))


def stalled(reason: str, message: str, **kw: Any) -> Report:
    """Of a mirror that cannot be judged before a human acts."""
    return report(stalled=(reason, message), **kw)


def report(*components: ComponentReport, **kw: Any) -> Report:
    given: dict[str, Any] = {
        "generation": 3,
        "stale_after": STALE_AFTER,
        "heartbeat": 30.0,
        "max_drift_age": 86400.0,
        "environments": {"production": "uid-1/1", "staging": "uid-2/1"},
    }
    shown = {name: RefreshStatus.read(kw[name]) for name in ("refresh", "finished") if kw.get(name)}
    names = {each.name for each in fields(Progress)}
    progress = {name: value for name, value in (kw | shown).items() if name in names}
    rest = {name: value for name, value in (given | kw).items() if name not in names}
    return Report(components=components, progress=Progress(**progress), **rest)


names = st.sampled_from(["digest", "value", "contentHash", "contentHash/a", "contentHash/b/c", "x"])
values = st.sampled_from(["1", "2", "hmac-sha256:00"])
facts = st.builds(
    Fact,
    value=values,
    expected=st.none() | values,
    compared=st.booleans(),
    declared=st.booleans(),
)
ages = st.sampled_from([0.0, 60.0, 119.0, 121.0, 5000.0, -500.0])
whys = st.builds(Why, st.sampled_from(["NotAnswering", "Forbidden"]), st.just("no answer."))
one_observation = st.one_of(
    st.builds(
        lambda facts, age, trouble: Seen(facts, NOW - age, trouble=trouble),
        st.dictionaries(names, facts, max_size=4),
        ages,
        st.none() | whys,
    ),
    st.builds(lambda age: Absent("Deployment features", NOW - age), ages),
    st.builds(lambda why, age: Unseen(why, NOW - age), whys, ages),
)
observations = st.builds(Observations, one_observation, one_observation)
acceptances = st.builds(
    Acceptance,
    component=st.sampled_from(["same", "another"]),
    fact=names,
    reason=st.just("understood"),
    production=st.none() | values,
    staging=st.none() | values,
    until=st.sampled_from([None, NOW - 1, NOW + 1]),
)
