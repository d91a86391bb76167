"""StagingMirror: what of a namespace must track production (DESIGN section 3)."""

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from stagingmirror.api.spec.accept import Accept
from stagingmirror.api.spec.kind_spec import KindSpec, Mode
from stagingmirror.api.spec.kinds import KINDS, Kinds
from stagingmirror.api.spec.track.setting import REFRESH_RULES
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import (
    Duration,
    Label,
    Namespace,
    Rule,
    at_least,
    unique,
)
from stagingmirror.api.types.duration import seconds


class ProductionSide(Model):
    """The side that is followed. It is only ever read."""

    environment: Label
    """Name of a MirrorEnvironment with role Production that is usable from here."""
    namespace: Namespace
    """Namespace for references that do not name one; the environment must list it."""


class StagingSide(Model):
    """The side that follows. Its namespace is always the mirror's own."""

    environment: Label
    """Name of a MirrorEnvironment with role Staging that is usable from here."""


class Refresh(Model):
    """When staging is made like production."""

    schedule: Annotated[str, Field(min_length=1, max_length=128)]
    """Five fields (minute hour day month weekday) or @hourly, @daily, @weekly, e.g. "0 6 * * 1-5".
    A field has numbers, names (JAN, MON), and the signs * , - /; not L, W, # and ?. The time zone
    is a field of its own, timeZone.
    """
    time_zone: Annotated[str, Field(min_length=1, max_length=64)] = "UTC"
    """IANA name of the time zone of the schedule, e.g. Europe/Berlin, not an offset. Where clocks
    are put forward over a tick, it comes right after the gap; where they are turned back, once.
    """
    suspend: bool = False
    """True: no refresh starts. Checks go on."""
    starting_deadline: Annotated[
        Duration, at_least("1s", "startingDeadline must be at least 1s, else every tick is skipped")
    ] = "1h"
    """A refresh that could not start within this time after its tick is skipped and reported."""
    settle: Duration = "5m"
    """Production must have been seen, whole and unchanged, for this long before it is followed."""
    timeout: Annotated[
        Duration, at_least("1s", "timeout must be at least 1s, else every refresh is rolled back")
    ] = "2h"
    """Of the whole refresh; past it, what was changed is rolled back."""
    rollout_timeout: Annotated[
        Duration,
        at_least("1s", "rolloutTimeout must be at least 1s, else every rollout is rolled back"),
    ] = "10m"
    """Of the rollouts of staging's workloads; past it, what was changed is rolled back."""


class _Named(Model):
    name: Label
    """Name of the component, unique in the mirror."""
    mode: Mode | None = None
    """Refresh: staging is made like production. Report: differences are only reported. Omitted:
    Refresh, but Report for setting.variable and setting.argument, for a table without setting.load,
    for what an endpoint of staging answers, for modelFiles without staging.store, for indexSnapshot
    with compare: Content, for featureParity and for serving.
    """
    with_: Annotated[tuple[Label, ...], unique(most=8), Field(alias="with")] = ()
    """Other components of track: where a refresh leaves one of these, it leaves this one as well,
    e.g. an index and the model that makes its vectors.
    """


def _only_compared(kind: str, entry: Callable[["Track"], KindSpec | None]) -> Rule:
    """That no refresh is to write it."""
    return Rule(
        cel=f"!has(self.{kind}) || !has(self.mode) || self.mode == 'Report'",
        message=(
            f"{kind} is only compared, and nothing of it is ever written; remove mode, or set"
            " mode: Report"
        ),
        holds=lambda track: entry(track) is None or track.mode != "Refresh",
    )


# The attribute of each kind.
_FIELDS = tuple(zip(KINDS, Kinds.model_fields, strict=True))


class Track(Kinds, _Named):
    """One component: a name and exactly one kind."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel=f"[{', '.join(f'has(self.{kind})' for kind in KINDS)}].exists_one(x, x)",
            message=f"give exactly one of {', '.join(KINDS)}",
            # None is right here: a newer CRD may have a kind that this operator does not know.
            holds=lambda track: len(track.given) <= 1,
        ),
        *REFRESH_RULES,
        _only_compared("featureParity", lambda track: track.feature_parity),
        _only_compared("serving", lambda track: track.serving),
    )

    @property
    def given(self) -> Mapping[str, KindSpec]:
        """The kinds that are set, by name, in the order of ``KINDS``."""
        found = ((kind, getattr(self, field)) for kind, field in _FIELDS)
        return {kind: spec for kind, spec in found if spec is not None}

    @property
    def kind(self) -> str | None:
        """The kind that is set; None for a kind that this operator does not know (its verdict is
        Unknown).
        """
        return next((kind for kind, field in _FIELDS if getattr(self, field) is not None), None)

    @property
    def entry(self) -> KindSpec | None:
        """The spec of ``kind``."""
        for _, field in _FIELDS:  # a pass asks for it dozens of times for each component
            found: KindSpec | None = getattr(self, field)
            if found is not None:
                return found
        return None

    def within(self, track: Mapping[str, KindSpec]) -> "Track":
        """The same, with what its entry takes from others of the mirror, by name."""
        for _, field in _FIELDS:
            entry: KindSpec | None = getattr(self, field)
            if entry is not None and (whole := entry.within(track)) is not entry:
                return self.model_copy(update={field: whole})
        return self

    @property
    def made_of(self) -> tuple[str, ...]:
        """Other components that this one is made of."""
        return () if self.entry is None else self.entry.made_of

    @property
    def effective_mode(self) -> Mode:
        """``mode``; omitted: the kind's default. Refresh for a kind that this operator does not
        know: it is Unknown, and a refresh waits for it.
        """
        return self.mode or ("Refresh" if self.entry is None else self.entry.default_mode)


class StagingMirrorSpec(Model):
    """What must track production, how often that is checked, and when staging is refreshed."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="self.production.environment != self.staging.environment",
            message=(
                "production.environment and staging.environment are the same; name an environment"
                " with role Staging for staging"
            ),
            holds=lambda spec: spec.production.environment != spec.staging.environment,
        ),
        Rule(
            cel="duration(self.checkInterval) >= duration('5s')",
            message="checkInterval must be at least 5s",
            holds=lambda spec: seconds(spec.check_interval) >= 5,
        ),
        Rule(
            cel="duration(self.staleAfter) > duration(self.checkInterval)",
            message=(
                "staleAfter must be longer than checkInterval, else every observation is too old;"
                " three times as long is a good value"
            ),
            holds=lambda spec: seconds(spec.stale_after) > seconds(spec.check_interval),
        ),
        Rule(
            cel=(
                "!has(self.accept) || self.accept.all(a, self.track.exists(t, t.name =="
                " a.component))"
            ),
            message="accept names a component that is not in track; correct its name or remove it",
            holds=lambda spec: {a.component for a in spec.accept} <= {t.name for t in spec.track},
        ),
        Rule(
            cel=(
                "self.track.all(t, !has(t.with) || t.with.all(w, self.track.exists(o, o.name =="
                " w)))"
            ),
            message="with names a component that is not in track; correct its name or remove it",
            holds=lambda spec: (
                {name for t in spec.track for name in t.with_} <= {t.name for t in spec.track}
            ),
        ),
        Rule(
            cel=(
                "self.track.all(t, !has(t.featureParity) ||"
                " !has(t.featureParity.samples.inputExampleOf) || self.track.exists(o,"
                " o.name == t.featureParity.samples.inputExampleOf && has(o.modelAlias)))"
            ),
            message="inputExampleOf must be the name of a modelAlias in track; correct its name",
            holds=lambda spec: all(
                t.feature_parity.samples.input_example_of
                in (None, *(o.name for o in spec.track if o.model_alias is not None))
                for t in spec.track
                if t.feature_parity is not None
            ),
        ),
        Rule(
            cel=(
                "self.track.all(t, !has(t.featureParity) || !has(t.featureParity.of) ||"
                " t.featureParity.of.all(w, w != t.name && self.track.exists(o, o.name == w)))"
            ),
            message=(
                "of names a component that is not another one of track; correct its name or remove"
                " it"
            ),
            holds=lambda spec: all(
                name != t.name and name in {each.name for each in spec.track}
                for t in spec.track
                for name in t.made_of
            ),
        ),
    )

    production: ProductionSide
    """The side that is followed: an environment and a namespace in it. It is only ever read."""
    staging: StagingSide
    """The side that follows: an environment. Its namespace is always the mirror's own."""
    check_interval: Duration = "30s"
    """How often what cannot be watched is polled (MLflow). At least 5s."""
    stale_after: Duration = "2m"
    """An observation older than this does not count: the component is Unknown. One failed
    observation changes nothing by itself. Longer than checkInterval.
    """
    max_drift_age: Duration = "24h"
    """Drift older than this is overdue: condition DriftOverdue, metric and alert."""
    refresh: Refresh | None = None
    """When staging is made like production. Omitted: watch and report, never write."""
    track: Annotated[tuple[Track, ...], unique("name", least=1, most=64)]
    """The components that must be in sync, each with a name and exactly one kind."""
    accept: Annotated[tuple[Accept, ...], unique(("component", "fact"), most=128)] = ()
    """Differences that are understood; they do not count as drift."""

    def resolved(self) -> "StagingMirrorSpec":
        """The same, each component with what it takes from others."""
        entries = {each.name: each.entry for each in self.track if each.entry is not None}
        track = tuple(each.within(entries) for each in self.track)
        return self.model_copy(update={"track": track})
