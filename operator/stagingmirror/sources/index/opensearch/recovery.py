"""What an OpenSearch makes an index of, followed until the store says that it is whole.

Neither the answer to the request nor an empty ``_recovery`` says so: an index whose restore failed
has no recovery at all, and its cause stands in the explanation of its allocation.
"""

import asyncio
import json

from stagingmirror.errors import NotSupported, Refused, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.opensearch import answers
from stagingmirror.sources.index.opensearch.client import OpenSearchServer
from stagingmirror.sources.index.opensearch.facts import Json, shards_of
from stagingmirror.sources.index.opensearch.names import quoted
from stagingmirror.sources.index.store import Progressing

# Seconds between two looks.
EVERY = 0.5
# Decisions of an allocation that wait for something.
_MAY_PASS = frozenset({"yes", "throttled", "awaiting_info", "allocation_delayed", "throttle"})
_FULL = ("No space left on device", "disk_threshold")


class Recovery:
    """Of the index ``new``."""

    def __init__(self, server: OpenSearchServer, new: str) -> None:
        self._server, self._new = server, new

    async def follow(self, shards: int, done: Progressing) -> None:
        """Until each primary is there. Raises Refused."""
        while True:
            copies = {each.id: each for each in await self.copies() if each.primary}
            sizes = [each.index.size for each in copies.values()]
            total = sum(each.total_in_bytes for each in sizes)
            so_far = sum(each.recovered_in_bytes + each.reused_in_bytes for each in sizes)
            whole = len(copies) == shards > 0 and all(
                each.stage == "DONE" for each in copies.values()
            )
            if whole and await self._is_served():
                done(total or 1, total or 1)
                return
            done(min(so_far, total), total)
            if len(copies) < shards:
                for missing in {*range(shards)} - copies.keys():
                    await self._refuse_failed(missing)
            await asyncio.sleep(EVERY)

    async def copies(self) -> list[answers.Recovery]:
        path = f"/{quoted(self._new)}/_recovery"
        found = await self._server.call("recovery", "GET", path, answers.RECOVERIES)
        return found[self._new].shards if self._new in found else []

    async def _is_served(self) -> bool:
        path = f"/_cluster/health/{quoted(self._new)}"
        health = await self._server.call("health", "GET", path, answers.HEALTH)
        return health.status != "red"

    async def _refuse_failed(self, shard: int) -> None:
        """Raises Refused where the store gave a shard up."""
        body = {"index": self._new, "shard": shard, "primary": True}
        path = "/_cluster/allocation/explain"
        try:
            why = await self._server.call("explain", "POST", path, answers.ANY, body=body)
        except Refused:
            return  # it is assigned by now, or not known yet
        if why.get("current_state") != "unassigned" or str(why.get("can_allocate")) in _MAY_PASS:
            return
        raise self._given_up(shard, json.dumps(why))

    def _given_up(self, shard: int, why: str) -> StagingMirrorError:
        if any(sign in why for sign in _FULL):
            return self._server.refuse(
                Refused,
                Reason.STORAGE_FULL,
                f"shard {shard} of {self._new} was not restored: there is no room on a disk",
            )
        return self._server.refuse(
            Refused,
            Reason.RESTORE_FAILED,
            f"shard {shard} of {self._new} was not restored; the cause is in its"
            " _cluster/allocation/explain",
        )


def number_of_shards(server: OpenSearchServer, index: Json) -> int:
    if shards := shards_of(index):
        return shards
    raise server.refuse(NotSupported, Reason.NOT_SUPPORTED, "an index has no number of shards")
