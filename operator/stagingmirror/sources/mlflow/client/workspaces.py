"""Whether a server heeds the workspace that requests name: one that has none may ignore the name,
and answer with what it holds for everybody.
"""

from collections.abc import Awaitable, Callable

from stagingmirror.errors import NotAnswered, NotSupported
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.client.wire_types import Fields

# Selects a part of a server that has workspaces.
HEADER = "X-MLFLOW-WORKSPACE"
# Seconds after which it is requested anew: a server may be replaced by an older release.
_PROVEN_SECONDS = 60.0
# Where a server tells what it has, as MLflow's own client requests it.
_TELLING = ("server-info", "server-features")


class WorkspaceProof:
    """``read`` requests what is at a path below the server's address."""

    def __init__(
        self, read: Callable[[str], Awaitable[Fields]], clock: Callable[[], float], where: str
    ) -> None:
        self._read = read
        self._clock = clock
        self._where = where
        self._proven = float("-inf")

    async def prove(self) -> None:
        """Raises NotSupported(NoWorkspaces) where it has none, NotAnswered and NotAllowed where
        that is not known.
        """
        now = self._clock()
        if not 0.0 <= now - self._proven < _PROVEN_SECONDS:
            await self._prove()
            self._proven = now

    async def _prove(self) -> None:
        for name in _TELLING:
            try:
                told = await self._read(f"api/3.0/mlflow/{name}")
            except NotSupported:
                continue
            except NotAnswered as error:
                if error.reason != Reason.NOT_MLFLOW:
                    raise
                continue
            if told.flag("workspaces_enabled"):
                return
            raise self._without("start it with --enable-workspaces")
        # Both releases before workspaces and what is no MLflow have no such page.
        await self._read("api/2.0/mlflow/registered-models/search")
        raise self._without("update it to 3.10 or newer and start it with --enable-workspaces")

    def _without(self, remedy: str) -> NotSupported:
        return NotSupported(
            Reason.NO_WORKSPACES,
            f"MLflow at {self._where}: it has no workspaces; remove mlflow.workspace, or {remedy}",
        )
