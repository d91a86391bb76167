"""The tags that record where a copied version comes from. They are written by ``copy`` and
believed by the view: they carry provenance, never the bytes, which are always read.
"""

from collections.abc import Mapping

PREFIX = "stagingmirror.dev/"

REGISTRY = f"{PREFIX}origin-registry"
MODEL = f"{PREFIX}origin-model"
VERSION = f"{PREFIX}origin-version"
RUN_ID = f"{PREFIX}origin-run-id"
TREE_HASH = f"{PREFIX}origin-tree-hash"
COPIED_AT = f"{PREFIX}copied-at"
# Namespace and name of the mirror whose refresh it was.
COPIED_BY = f"{PREFIX}copied-by"
REFRESH_ID = f"{PREFIX}refresh-id"
# On the run of a copy: which content is copied to which name. Finds a half copy again.
COPY_OF = f"{PREFIX}copy-of"


def foreign(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that others made: not ours, not MLflow's own."""
    return {key: value for key, value in tags.items() if not key.startswith((PREFIX, "mlflow."))}


def origin_run_id(tags: Mapping[str, str], own: str | None) -> str | None:
    """The run that the bytes of a version come from; ``own``: the one that it names. A copy names a
    run that was made for it alone: its origin's is in the tags, or it had none.
    """
    return tags.get(RUN_ID) if TREE_HASH in tags else tags.get(RUN_ID) or own
