"""``setting``: any named value, e.g. a data snapshot, a tokenizer's revision, an endpoint."""

from typing import Annotated, ClassVar

from pydantic import Field

from stagingmirror.api.spec.kind_spec import KindSpec, Mode
from stagingmirror.api.spec.references import OWN_NAMESPACE, WorkloadReference, all_at_home
from stagingmirror.api.spec.track.setting_place import (
    AnnotationOf,
    ArgumentOf,
    ConfigMapKey,
    TableOf,
    ValueAt,
    VariableOf,
)
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import (
    Duration,
    Label,
    ObjectName,
    Rule,
    VariableName,
    at_least,
    shape,
)

# The fields that say where a value is.
_PLACES = ("configMap", "variable", "annotation", "argument", "table", "endpoint")
ONE_PLACE = f"a setting is in exactly one place: {', '.join(_PLACES[:-1])} or {_PLACES[-1]}"
_HAS_EACH = "[" + ", ".join(f"has(self.{place})" for place in _PLACES) + "]"

PLACEHOLDER = "{value}"

UsedBy = Annotated[tuple[WorkloadReference, ...], Field(max_length=16)]

# What a team may write around production's value, and what a loader may be given of staging's: no
# shell, SQL or other language can be written with it.
PLAIN = "[A-Za-z0-9._:/@+=-]"

Form = Annotated[
    str,
    Field(max_length=1024),
    shape(
        rf"^{PLAIN}*\{{value\}}{PLAIN}*$",
        'write {value} once, where production\'s value goes, e.g. "masked/{value}"; around it are '
        "only letters, digits and . _ : / @ + = - possible",
    ),
]


def _places(side: "SettingProduction | SettingStaging") -> int:
    every = (*_of_kubernetes(side), side.table, side.endpoint)
    return sum(place is not None for place in every)


def _of_kubernetes(
    side: "SettingProduction | SettingStaging",
) -> tuple[ConfigMapKey | VariableOf | AnnotationOf | ArgumentOf | None, ...]:
    return side.config_map, side.variable, side.annotation, side.argument


def _is_at_home(side: "SettingStaging") -> bool:
    named = (place for place in _of_kubernetes(side) if place is not None)
    return all(each.namespace is None for each in named) and all_at_home(side.used_by)


class SettingProduction(Model):
    """Where production's value is: exactly one place."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel=f"{_HAS_EACH}.exists_one(x, x)",
            message=ONE_PLACE,
            holds=lambda production: _places(production) == 1,
        ),
        Rule(
            cel=(
                "!(has(self.table) || has(self.endpoint)) || !has(self.usedBy)"
                " || self.usedBy.size() == 0"
            ),
            message="usedBy of production is not for a table or an endpoint; remove it",
            holds=lambda production: (
                (production.table is None and production.endpoint is None) or not production.used_by
            ),
        ),
    )

    config_map: ConfigMapKey | None = None
    """A key of a ConfigMap."""
    variable: VariableOf | None = None
    """An environment variable of a workload's container."""
    annotation: AnnotationOf | None = None
    """An annotation of a workload."""
    argument: ArgumentOf | None = None
    """A flag of a workload's container."""
    table: TableOf | None = None
    """A Delta table: its value is the number of its newest version."""
    endpoint: ValueAt | None = None
    """A value that an endpoint answers."""
    used_by: UsedBy = ()
    """Workloads that read the value when they start: it counts as running only where they started
    after its last change, and a refresh restarts staging's.
    """


class SettingStaging(Model):
    """Where staging's value is, and its form. What is omitted is as in production."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel=f"{_HAS_EACH}.filter(x, x).size() <= 1",
            message=ONE_PLACE,
            holds=lambda staging: _places(staging) <= 1,
        ),
        Rule(
            cel=(
                "(!has(self.configMap) || !has(self.configMap.namespace))"
                " && (!has(self.variable) || !has(self.variable.namespace))"
                " && (!has(self.annotation) || !has(self.annotation.namespace))"
                " && (!has(self.argument) || !has(self.argument.namespace))"
                " && (!has(self.usedBy) || self.usedBy.all(w, !has(w.namespace)))"
            ),
            message=OWN_NAMESPACE,
            holds=_is_at_home,
        ),
    )

    value: Form = PLACEHOLDER
    """The form of the value in staging, e.g. "masked/{value}"; {value} stands once, for
    production's value.
    """
    config_map: ConfigMapKey | None = None
    """A key of a ConfigMap."""
    variable: VariableOf | None = None
    """An environment variable of a workload's container."""
    annotation: AnnotationOf | None = None
    """An annotation of a workload."""
    argument: ArgumentOf | None = None
    """A flag of a workload's container."""
    table: TableOf | None = None
    """A Delta table that has production's versions, e.g. a copy with its log; only the loader
    writes it.
    """
    endpoint: ValueAt | None = None
    """A value that an endpoint answers. It is only compared, never written."""
    used_by: UsedBy | None = None
    """Workloads that read the value when they start. Omitted: as in production."""


class Load(Model):
    """Staging's own loader: a Job made from this CronJob, with the variable set to the value to
    load. The CronJob must carry the label stagingmirror.dev/loader with the variable's name.
    """

    cron_job: ObjectName
    """Name of the CronJob in the mirror's namespace; it may be suspended."""
    container: Label
    """The container whose variable is set."""
    variable: VariableName
    """The variable that gets the value to load."""
    timeout: Annotated[
        Duration, at_least("1s", "timeout must be at least 1s, else no run of the loader can end")
    ] = "1h"
    """How long one run may take."""


# Staging's value is where a refresh can write it, whatever production's place is.
_HAS_OWN_PLACE = (
    "(has(self.staging) && (has(self.staging.configMap) || has(self.staging.variable)"
    " || has(self.staging.annotation) || has(self.staging.argument)))"
)
_HAS_ENDPOINT = "(has(self.staging) && has(self.staging.endpoint))"
_IS_TABLE = f"has(self.production.table) && !{_HAS_OWN_PLACE} && !{_HAS_ENDPOINT}"
# Staging's value is what an endpoint answers.
_IS_AT_ENDPOINT = (
    f"({_HAS_ENDPOINT} || (has(self.production.endpoint) && !{_HAS_OWN_PLACE}"
    " && !(has(self.staging) && has(self.staging.table))))"
)


class Setting(KindSpec):
    """Any named value: a data snapshot, a tokenizer's revision, an embedding endpoint."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.staging) || !has(self.staging.table) || has(self.production.table)",
            message="staging.table is for a table in production; name a table there too",
            holds=lambda entry: entry.staging.table is None or entry.production.table is not None,
        ),
        Rule(
            cel=(
                f"!({_IS_TABLE}) || !has(self.staging) || ((!has(self.staging.value)"
                " || self.staging.value == '{value}') && (!has(self.staging.usedBy)"
                " || self.staging.usedBy.size() == 0))"
            ),
            message=(
                "a version of staging's table has neither a form nor workloads that start with it; "
                "remove staging.value and staging.usedBy, or give staging a configMap"
            ),
            holds=lambda entry: (
                not entry.staging_is_table
                or (entry.staging.value == PLACEHOLDER and not entry.staging.used_by)
            ),
        ),
        Rule(
            cel=(
                f"!{_IS_AT_ENDPOINT} || (!has(self.load) && (!has(self.staging)"
                " || !has(self.staging.usedBy) || self.staging.usedBy.size() == 0))"
            ),
            message=(
                "what an endpoint of staging answers is only compared; remove load and "
                "staging.usedBy, or give staging a configMap"
            ),
            holds=lambda entry: (
                not entry.staging_is_at_endpoint
                or (entry.load is None and not entry.staging.used_by)
            ),
        ),
    )

    production: SettingProduction
    """Where production's value is."""
    staging: SettingStaging = SettingStaging()
    """Where staging's value is, and its form. Omitted: the same place and value."""
    load: Load | None = None
    """Run before the value is written, so that what it names is there. Omitted: nothing to load."""
    warn_older_than: Duration | None = None
    """The value is a date: a message is added if production's own is older than this."""

    @property
    def default_mode(self) -> Mode:
        """A variable and an argument are only reported: a refresh would take them from their owner.
        So is a table that nothing loads, and what an endpoint answers.
        """
        is_owners = self.production.variable is not None or self.production.argument is not None
        is_left = is_owners or self.is_loaded_by_nobody or self.staging_is_at_endpoint
        return "Report" if is_left else "Refresh"

    @property
    def staging_is_table(self) -> bool:
        """Whether staging's value is the version of a table."""
        own = (*_of_kubernetes(self.staging), self.staging.endpoint)
        return self.production.table is not None and not any(own)

    @property
    def staging_is_at_endpoint(self) -> bool:
        """Whether staging's value is what an endpoint answers: nothing writes it."""
        own = (*_of_kubernetes(self.staging), self.staging.table)
        inherits = self.production.endpoint is not None and not any(own)
        return self.staging.endpoint is not None or inherits

    @property
    def is_loaded_by_nobody(self) -> bool:
        """Whether staging's place is a table, and no loader writes it."""
        return self.staging_is_table and self.load is None


# Of an entry of ``track``: what its mode cannot be.
REFRESH_RULES: tuple[Rule, ...] = (
    Rule(
        cel=(
            "!has(self.mode) || self.mode == 'Report' || !has(self.setting)"
            " || !has(self.setting.production.table) || has(self.setting.load)"
            f" || {_HAS_OWN_PLACE.replace('self.', 'self.setting.')}"
        ),
        message=(
            "only a loader writes a table of staging; add load, give staging a configMap, or "
            "set mode: Report"
        ),
        holds=lambda track: (
            track.mode != "Refresh"
            or track.setting is None
            or not track.setting.is_loaded_by_nobody
        ),
    ),
    Rule(
        cel=(
            "!has(self.mode) || self.mode == 'Report' || !has(self.setting)"
            f" || !{_IS_AT_ENDPOINT.replace('self.', 'self.setting.')}"
        ),
        message=(
            "nothing writes what an endpoint of staging answers; give staging a configMap, or "
            "set mode: Report"
        ),
        holds=lambda track: (
            track.mode != "Refresh"
            or track.setting is None
            or not track.setting.staging_is_at_endpoint
        ),
    ),
)
