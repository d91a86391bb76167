"""Models to copy, and what of them arrived."""

import hashlib
from functools import partial

from rig.mlflow_server import MlflowServer as Rig
from rig.models import LoggedVersion, client_of
from stagingmirror.sources.content.hashing import tree_hash
from stagingmirror.sources.content.subjects import FileHash
from stagingmirror.sources.mlflow.client import provenance_tags
from stagingmirror.sources.mlflow.copy import copy
from stagingmirror.sources.mlflow.copy.copy import CopyOrder
from stagingmirror.sources.mlflow.copy.writes import EXPERIMENT

FILES: dict[str, bytes | str] = {
    "MLmodel": "flavors: {}\n",
    "data/weights 1.bin": b"w" * 3_000_000,
    "data/empty": b"",
    "tokenizer.json": b"{}",
}

# A copy by a process that leads.
copy_version = partial(copy.copy_version, may_write=lambda: None)


def order_of(made: LoggedVersion, hashed: str, refresh: str = "r1") -> CopyOrder:
    every = (("*",),)
    return CopyOrder(
        made.name,
        made.version,
        made.name,
        hashed,
        "production",
        refresh,
        tags=every,
        parameters=every,
    )


def hash_of(files: dict[str, bytes | str]) -> str:
    """The tree hash, computed from what was logged and not from what a server says."""
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return tree_hash(
        {path: FileHash(hashlib.sha256(read).hexdigest(), len(read)) for path, read in data.items()}
    )


def versions(rig: Rig, name: str) -> list[str]:
    return sorted(one.version for one in client_of(rig).search_model_versions(f"name = '{name}'"))


def copies(rig: Rig, name: str) -> tuple[int, int]:
    """How many runs and logged models the copies of this model left behind."""
    client = client_of(rig)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return 0, 0
    runs = client.search_runs(
        [experiment.experiment_id], f"tags.`{provenance_tags.MODEL}` = '{name}'"
    )
    logged = client.search_logged_models([experiment.experiment_id], f"name = '{name}'")
    return len(runs), len(logged)
