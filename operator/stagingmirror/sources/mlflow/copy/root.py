"""Whether the bytes of copies could be stored, asked before a model, a run or a version is made."""

from contextlib import suppress

from stagingmirror.errors import NotThere, Refused, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.client import queries
from stagingmirror.sources.mlflow.client.artifacts import files_of, root_of
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import Experiment
from stagingmirror.sources.mlflow.copy.errors import destination_errors
from stagingmirror.sources.mlflow.copy.writes import EXPERIMENT


async def refuse_known_root(server: MlflowServer) -> None:
    """As ``refuse_root``; nothing where there is no experiment of copies yet: where MLflow would
    keep its files, only making it tells.
    """
    async with destination_errors():
        with suppress(NotThere):
            refuse_root(server, await queries.get_experiment_by_name(server, EXPERIMENT))


def refuse_root(server: MlflowServer, copies: Experiment) -> None:
    """Raises StepFailed where this experiment's files are in a store that is not reached, or that
    is production's.
    """
    if not copies.artifact_uri:
        return
    try:
        files = files_of(server, root_of(server, copies.artifact_uri))
    except Refused as error:
        raise StepFailed(
            Reason.REGISTRY_REFUSED,
            f"experiment {EXPERIMENT}, which holds all copies: {error.message}. An experiment keeps"
            " its place: where new ones are kept elsewhere by now, rename it, and a new one is"
            " made",
        ) from None
    files.refuse_writing()
