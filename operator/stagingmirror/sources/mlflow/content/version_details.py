"""A model version with everything that belongs to it: where its files are, its run, its logged
model.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NotAnswered, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.hashing import Texts
from stagingmirror.sources.mlflow.client import provenance_tags, queries
from stagingmirror.sources.mlflow.client.artifacts import root_of
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import LoggedModel, Run, Version
from stagingmirror.sources.mlflow.subjects import Content, ModelVersion

# ``models:/a/1`` may lead to ``models:/b/7``, which leads to …
_LONGEST_CHAIN = 5
# MLflow keeps prompts among the registered models, with this tag.
_IS_PROMPT = "mlflow.prompt.is_prompt"


@dataclass(frozen=True, slots=True)
class Detail:
    """What a version leads to. It cannot change without the version being another, but for tags of
    the logged model.
    """

    source: str
    root: str | Why
    """The folder of its files (see ``artifacts.root_of``); a Why where they cannot be read."""
    run_id: str | None
    logged: LoggedModel | None
    began: float


@dataclass(frozen=True, slots=True)
class KnownVersion:
    record: Version
    detail: Detail
    run: Run | None
    """None: it was made by none, or by one that was deleted for good."""

    def leads_like(self, record: Version) -> bool:
        return (self.record.source, self.record.created) == (record.source, record.created)


async def read_detail(server: MlflowServer, record: Version, *, began: float) -> Detail:
    """Follow the version's source. ``began`` (POSIX s) is when the requests began."""
    logged = await _logged_model(server, record)
    run_id = record.run_id or (logged.run_id if logged else None)
    return Detail(record.source, await _root(server, record, logged), run_id, logged, began)


def described(
    known: KnownVersion, texts: Texts, content: Content | Unseen, *, skew: float
) -> ModelVersion:
    """The version as the view shows it."""
    record, run, logged = known.record, known.run, known.detail.logged
    return ModelVersion(
        model=record.name,
        version=record.version,
        created=record.created / 1000,
        origin_run_id=provenance_tags.origin_run_id(record.tags, known.detail.run_id),
        parameters=parameters_of(run, logged),
        tags=tags_of(record, logged),
        run_tags=run.tags if run else {},
        dataset_inputs=run.datasets if run else (),
        signature=texts.signature,
        requirements=texts.requirements,
        content=content,
        skew=skew,
    )


def parameters_of(run: Run | None, logged: LoggedModel | None) -> Mapping[str, str]:
    """Of the run and, where it differs, of the logged model."""
    return {**(run.params if run else {}), **(logged.params if logged else {})}


def tags_of(record: Version, logged: LoggedModel | None) -> Mapping[str, str]:
    """Of the version and, where it has none, of the logged model."""
    return {**(provenance_tags.foreign(logged.tags) if logged else {}), **record.tags}


async def _logged_model(server: MlflowServer, record: Version) -> LoggedModel | None:
    """The logged model at the end of the version's chain of sources; None where it ends elsewhere,
    or was deleted.
    """
    source = record.source
    for _ in range(_LONGEST_CHAIN):
        if not source.startswith("models:/"):
            return None
        rest = source.removeprefix("models:/").strip("/")
        name, slash, version = rest.rpartition("/")
        try:
            if not slash:
                return await queries.get_logged_model(server, rest)
            source = (await queries.get_version(server, name, version)).source
        except NotThere:
            return None
    raise NotAnswered(
        Reason.ENDLESS_CHAIN, f"version {record.version} is a copy of a copy without end"
    )


async def _root(server: MlflowServer, record: Version, logged: LoggedModel | None) -> str | Why:
    if record.tags.get(_IS_PROMPT, "").lower() == "true":
        return Why(
            Reason.NOT_COMPARABLE,
            f"{record.name} is a prompt and no model, and prompts are not mirrored; remove it from "
            "track",
        )
    uri = await queries.download_uri(server, record.name, record.version) or record.source
    if uri.startswith("models:/") and logged is not None:
        uri = logged.artifact_uri
    if uri.startswith(("runs:/", "models:/")):
        found = await _below_run(server, uri) if uri.startswith("runs:/") else None
        if found is None:
            return Why(
                Reason.FILES_GONE,
                "the version's files belong to a run or logged model that was deleted for good; "
                "register a version that has files, or restore them from a backup",
            )
        uri = found
    try:
        return root_of(server, uri)
    except Refused as error:
        return Why(error.reason, error.message)


async def _below_run(server: MlflowServer, uri: str) -> str | None:
    """None: the run was deleted for good."""
    run_id, _, path = uri.removeprefix("runs:/").strip("/").partition("/")
    run = await queries.unless_gone(queries.get_run(server, run_id))
    return f"{run.artifact_uri}/{path}" if run is not None else None
