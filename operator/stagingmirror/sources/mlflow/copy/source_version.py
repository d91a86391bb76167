"""What a copy is made of: the order, and the version as its registry shows it now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stagingmirror.api.spec.offers import matches_all
from stagingmirror.drift.facts import Why
from stagingmirror.errors import ChangedUnderneath, NotThere, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.files import Files, StoredFile
from stagingmirror.sources.mlflow.client import provenance_tags, queries
from stagingmirror.sources.mlflow.client.artifacts import files_of
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.content.version_details import KnownVersion, read_detail

# The type of a dataset's source in a copy; MLflow wants one.
_NOT_COPIED = "not-copied"


@dataclass(frozen=True, slots=True)
class CopyOrder:
    """What to copy, and what the copy records of itself in tags ``stagingmirror.dev/…``."""

    from_model: str
    from_version: str
    to_model: str
    tree_hash: str
    """What production's bytes must be; something else there is ChangedUnderneath."""
    origin_registry: str
    """Name of the environment that the bytes come from."""
    refresh_id: str
    mirror: str = ""
    """Namespace and name of the mirror that it is for."""
    max_bytes: int = 50 * 1024**3
    tags: tuple[tuple[str, ...], ...] = ()
    parameters: tuple[tuple[str, ...], ...] = ()
    """Lists of names (with ``*``): a tag or parameter that each of them has is copied; none where
    there are no lists.
    """
    compared_tag: str | None = None
    """A tag that is compared, and so is copied even where it is one of MLflow's own."""

    def copied_tags(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Of these the tags that the copy gets: those of others, and allowed."""
        compared = {key: value for key, value in tags.items() if key == self.compared_tag}
        return {
            key: value
            for key, value in {**provenance_tags.foreign(tags), **compared}.items()
            if matches_all(self.tags, key)
        }

    def copied_parameters(self, parameters: Mapping[str, str]) -> dict[str, str]:
        return {k: v for k, v in parameters.items() if matches_all(self.parameters, k)}

    def copied_inputs(self, inputs: Iterable[Mapping[str, Any]]) -> list[dict[str, object]]:
        """Dataset inputs by name and digest, which are compared. Where a dataset comes from may
        hold a credential, and its schema and profile are data: no list allows these.
        """
        return [
            {
                "dataset": {
                    "name": each["dataset"]["name"],
                    "digest": each["dataset"]["digest"],
                    "source_type": _NOT_COPIED,
                    "source": "{}",
                },
                "tags": [
                    tag
                    for tag in each.get("tags") or ()
                    if matches_all(self.tags, str(tag.get("key")))
                ],
            }
            for each in inputs
            if each["dataset"].get("digest")
        ]


@dataclass(frozen=True, slots=True)
class SourceVersion:
    known: KnownVersion
    files: Files
    listing: tuple[StoredFile, ...]

    @property
    def run_id(self) -> str | None:
        return provenance_tags.origin_run_id(self.known.record.tags, self.known.detail.run_id)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.listing)


async def read_original(source: MlflowServer, order: CopyOrder, *, began: float) -> SourceVersion:
    try:
        record = await queries.get_version(source, order.from_model, order.from_version)
        detail = await read_detail(source, record, began=began)
        run = (
            await queries.unless_gone(queries.get_run(source, detail.run_id))
            if detail.run_id
            else None
        )
    except NotThere:
        raise changed(order) from None
    if isinstance(detail.root, Why):
        raise StepFailed(detail.root.reason, detail.root.message)
    files = files_of(source, detail.root)
    original = SourceVersion(KnownVersion(record, detail, run), files, await files.listing())
    if not original.listing or original.size > order.max_bytes:
        raise changed(order)
    return original


def changed(order: CopyOrder) -> ChangedUnderneath:
    return ChangedUnderneath(
        Reason.CHANGED_UNDERNEATH,
        f"version {order.from_version} of {order.from_model} in {order.origin_registry} does not "
        "have the bytes any more that were to be copied; the next refresh sees what is there then",
    )
