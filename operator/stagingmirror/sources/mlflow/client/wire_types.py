"""MLflow's JSON as frozen values. What does not have the promised form is Garbage, not a guess."""

from collections.abc import Mapping
from dataclasses import dataclass

from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason

_INT64 = 2**63


class Fields:
    """One JSON object, read with the types that MLflow's API promises."""

    def __init__(self, values: Mapping[str, object], what: str) -> None:
        self._values = values
        self._what = what

    def text(self, key: str) -> str:
        value = self.optional(key)
        if value is None:
            raise self._garbage(key)
        return value

    def optional(self, key: str) -> str | None:
        """Empty text is what MLflow sends for "none". Text that UTF-8 cannot hold is none."""
        value = self._values.get(key)
        if value is not None and (not isinstance(value, str) or not _is_encodable(value)):
            raise self._garbage(key)
        return value or None

    def number(self, key: str) -> int:
        """int64 comes as a number or, from some versions and proxies, as text."""
        value = self._values.get(key, 0)
        try:
            if isinstance(value, bool) or not isinstance(value, int | str):
                raise self._garbage(key)
            number = int(value)
        except ValueError:
            raise self._garbage(key) from None
        if not -_INT64 <= number < _INT64:
            raise self._garbage(key)
        return number

    def flag(self, key: str) -> bool:
        return self._values.get(key) is True

    def one(self, key: str) -> "Fields":
        value = self._values.get(key)
        if not isinstance(value, dict):
            raise self._garbage(key)
        return Fields(value, f"{self._what}.{key}")

    def maybe(self, key: str) -> "Fields":
        """An object that is left out where it would be empty."""
        return self.one(key) if key in self._values else Fields({}, f"{self._what}.{key}")

    def many(self, key: str) -> "list[Fields]":
        values = self._values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self._garbage(key)
        return [Fields(value, f"{self._what}.{key}") for value in values]

    def pairs(self, key: str) -> dict[str, str]:
        """A list of ``{"key": …, "value": …}``; the last of a key counts."""
        return {pair.text("key"): pair.optional("value") or "" for pair in self.many(key)}

    def raw(self) -> dict[str, object]:
        return dict(self._values)

    def _garbage(self, key: str) -> NotAnswered:
        return NotAnswered(Reason.GARBAGE, f"MLflow's answer has no right {self._what}.{key}")


def _is_encodable(text: str) -> bool:
    """JSON may hold half a pair of surrogates, which nothing can store or hash."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    name: str
    created: int
    """Milliseconds, like all times of MLflow."""
    aliases: Mapping[str, str]
    versions: Mapping[str, int]
    """When the versions that MLflow sends with it (the newest per stage) were created."""


@dataclass(frozen=True, slots=True)
class Version:
    name: str
    version: str
    created: int
    source: str
    run_id: str | None
    status: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    run_id: str
    experiment_id: str
    artifact_uri: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    inputs: tuple[Mapping[str, object], ...]
    """Dataset inputs as MLflow sent them, for a copy."""
    datasets: tuple[str, ...]
    """``name@digest`` (or the source, where there is no digest) of each, sorted."""


@dataclass(frozen=True, slots=True)
class LoggedModel:
    model_id: str
    experiment_id: str
    artifact_uri: str
    run_id: str | None
    status: str
    params: Mapping[str, str]
    tags: Mapping[str, str]


def registered_model(fields: Fields) -> RegisteredModel:
    return RegisteredModel(
        name=fields.text("name"),
        created=fields.number("creation_timestamp"),
        aliases={a.text("alias"): _version(a) for a in fields.many("aliases")},
        versions={
            _version(v): v.number("creation_timestamp") for v in fields.many("latest_versions")
        },
    )


def version(fields: Fields) -> Version:
    return Version(
        name=fields.text("name"),
        version=_version(fields),
        created=fields.number("creation_timestamp"),
        source=fields.optional("source") or "",
        run_id=fields.optional("run_id"),
        status=fields.optional("status") or "READY",
        tags=fields.pairs("tags"),
    )


def run(fields: Fields) -> Run:
    info, data = fields.one("info"), fields.maybe("data")
    inputs = fields.maybe("inputs").many("dataset_inputs")
    return Run(
        run_id=info.text("run_id"),
        experiment_id=info.text("experiment_id"),
        artifact_uri=info.optional("artifact_uri") or "",
        params=data.pairs("params"),
        tags=data.pairs("tags"),
        inputs=tuple(one.raw() for one in inputs),
        datasets=tuple(sorted(_dataset(one.one("dataset")) for one in inputs)),
    )


def logged_model(fields: Fields) -> LoggedModel:
    info = fields.one("info")
    return LoggedModel(
        model_id=info.text("model_id"),
        experiment_id=info.optional("experiment_id") or "",
        artifact_uri=info.text("artifact_uri"),
        run_id=info.optional("source_run_id"),
        status=info.optional("status") or "",
        params=fields.maybe("data").pairs("params"),
        tags=info.pairs("tags"),
    )


def _version(fields: Fields) -> str:
    """Versions come as text from some servers and as numbers from others."""
    return str(fields.number("version"))


def _dataset(fields: Fields) -> str:
    digest = fields.optional("digest")
    return f"{fields.text('name')}@{digest}" if digest else fields.text("source")


@dataclass(frozen=True, slots=True)
class Experiment:
    """``artifact_uri``: the folder of its runs' and logged models' files; empty: not told."""

    experiment_id: str
    active: bool
    artifact_uri: str


def experiment(fields: Fields) -> Experiment:
    return Experiment(
        fields.text("experiment_id"),
        fields.optional("lifecycle_stage") != "deleted",
        fields.optional("artifact_location") or "",
    )
