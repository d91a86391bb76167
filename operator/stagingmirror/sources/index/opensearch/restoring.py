"""One restore of an index under a new name."""

from stagingmirror.sources.index.opensearch import answers
from stagingmirror.sources.index.opensearch.client import OpenSearchServer
from stagingmirror.sources.index.opensearch.facts import Json, mapping_in
from stagingmirror.sources.index.opensearch.names import quoted
from stagingmirror.sources.index.opensearch.recovery import Recovery
from stagingmirror.sources.index.store import Snapshot

# What is production's alone. Pipelines may not exist in staging; a block would keep our mark out.
IGNORED = (
    "index.lifecycle.*",
    "index.plugins.index_state_management.*",
    "index.opendistro.index_state_management.*",
    "index.routing.allocation.*",
    "index.default_pipeline",
    "index.final_pipeline",
    "index.blocks.*",
)
# One copy more where staging has a second node.
_REPLICAS = {"index.auto_expand_replicas": "0-1"}


class Restoring:
    """Of ``target`` of a snapshot, as ``new``. ``repository``: its path."""

    def __init__(
        self, server: OpenSearchServer, repository: str, snapshot: Snapshot, target: str, new: str
    ) -> None:
        self._server, self._new, self._target = server, new, target
        self._snapshot = snapshot
        self._path = f"{repository}/{quoted(snapshot.name)}/_restore"

    async def begin(self) -> None:
        """Raises Refused(NameTaken) where there is another index, or an alias, of that name."""
        await self._server.call(
            "restore",
            "POST",
            self._path,
            answers.ANY,
            query={"wait_for_completion": "false"},
            body={
                "indices": self._target,
                "rename_pattern": ".+",
                "rename_replacement": self._new,
                "include_aliases": False,
                "include_global_state": False,
                "ignore_unavailable": False,
                "partial": False,
                "ignore_index_settings": list(IGNORED),
                "index_settings": _REPLICAS,
            },
        )

    async def is_ours(self, index: Json) -> bool:
        """Whether an index of the new name is what this restore makes, or has made. The store
        forgets where an index came from when its node restarts; the name that it was made by stays.
        """
        copies = [
            each
            for each in await Recovery(self._server, self._new).copies()
            if each.type == "SNAPSHOT"
        ]
        if copies:
            wanted = (self._snapshot.name, self._target)
            return all(
                (each.source.get("snapshot"), each.source.get("index")) == wanted for each in copies
            )
        settings = mapping_in(mapping_in(index, "settings"), "index")
        return bool(settings.get("provided_name") == self._target != self._new)
