"""Another name for an index. The store has no renaming: a clone shares the files of the index that
it is made of, which takes no room, and that one is removed.
"""

from stagingmirror.errors import Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.opensearch import answers
from stagingmirror.sources.index.opensearch.client import OpenSearchServer
from stagingmirror.sources.index.opensearch.facts import Json, mapping_in
from stagingmirror.sources.index.opensearch.names import quoted

# What a clone is made of must not be written; the clone itself may be.
_BLOCKED = {"index.blocks.write": True}
_CLONED = {"index.blocks.write": None}


class Renaming:
    def __init__(self, server: OpenSearchServer, former: str, new: str) -> None:
        self._server, self._former, self._new = server, former, new

    async def begin(self) -> None:
        await self._server.call(
            "block",
            "PUT",
            f"/{quoted(self._former)}/_settings",
            answers.ACKNOWLEDGED,
            body=_BLOCKED,
        )
        await self._server.call(
            "clone",
            "PUT",
            f"/{quoted(self._former)}/_clone/{quoted(self._new)}",
            answers.ANY,
            query={"wait_for_active_shards": "0"},
            body={"settings": _CLONED},
        )

    def refuse_foreign(self, index: Json) -> None:
        """Raises Refused where an index of the new name is no clone of the former."""
        settings = mapping_in(mapping_in(index, "settings"), "index")
        source = mapping_in(mapping_in(settings, "resize"), "source")
        if source.get("name") != self._former:
            raise self._server.refuse(
                Refused, Reason.NAME_TAKEN, f"there is another index called {self._new}"
            )
