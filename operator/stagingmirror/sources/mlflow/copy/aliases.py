"""Moving an alias of staging, with read-back.

MLflow has no precondition for it: whoever writes last wins. So the caller reads before it writes,
and a move that came in between is found by the next poll.
"""

from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.client import queries
from stagingmirror.sources.mlflow.client.client import MlflowServer

_PATH = "mlflow/registered-models/alias"


async def get_alias(server: MlflowServer, name: str, alias: str) -> str | None:
    """The version that the alias names; None: there is no such alias, or no such model. Raises
    Refused(SpelledOtherwise) where the server would take another alias, or model, for it.
    """
    model = await queries.unless_gone(queries.get_registered_model(server, name))
    if model is None:
        return None
    await queries.refuse_misspelled(server, model, alias)
    return model.aliases.get(alias)


async def set_alias(server: MlflowServer, name: str, alias: str, version: str) -> None:
    """Let the alias name this version, and read back that it does. Idempotent.

    Raises NotThere where there is no such version, Refused(SpelledOtherwise) as ``get_alias``.
    """
    await queries.get_version(server, name, version)
    await get_alias(server, name, alias)
    await server.call("POST", _PATH, body={"name": name, "alias": alias, "version": version})
    await _read_back(server, name, alias, version)


async def delete_alias(server: MlflowServer, name: str, alias: str) -> None:
    """Remove the alias, and read back that it is gone. Idempotent."""
    if await get_alias(server, name, alias) is not None:
        await server.call("DELETE", _PATH, body={"name": name, "alias": alias})
        await _read_back(server, name, alias, None)


async def _read_back(server: MlflowServer, name: str, alias: str, wanted: str | None) -> None:
    found = await get_alias(server, name, alias)
    if found != wanted:
        raise NotAnswered(
            Reason.NOT_READ_BACK,
            f"MLflow at {server.host} accepted to move {name}@{alias} but still returns "
            f"{'version ' + found if found else 'nothing'}",
        )
