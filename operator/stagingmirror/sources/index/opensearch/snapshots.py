"""The snapshots of one repository. A complete one never changes, so it is read once."""

from collections.abc import Iterable
from typing import NoReturn
from urllib.parse import quote

from stagingmirror.errors import NotAnswered, NotSupported, NotThere, Refused, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.opensearch import answers
from stagingmirror.sources.index.opensearch.client import OpenSearchServer
from stagingmirror.sources.index.opensearch.facts import manifest_in
from stagingmirror.sources.index.opensearch.names import quoted
from stagingmirror.sources.index.store import Snapshot

# Snapshots of one index that are read, and of one call.
MOST = 500
_AT_ONCE = 50
# No ``filter_path``: of an empty list it leaves nothing, which any server could answer.
_SHORT = {"verbose": "false"}


class Repository:
    """``name``: as it is registered on this side; None: the environment names none."""

    def __init__(self, server: OpenSearchServer, name: str | None) -> None:
        self._server, self._name = server, name
        self._read: dict[str, Snapshot] = {}

    @property
    def path(self) -> str:
        """Raises NotSupported(NoSnapshot) without a name."""
        if self._name is None:
            raise self._server.refuse(
                NotSupported,
                Reason.NO_SNAPSHOT,
                f"{self._server.field}.repository is not set, so it has no snapshots here",
            )
        return f"/_snapshot/{quoted(self._name)}"

    async def all_of(self, target: str) -> tuple[Snapshot, ...]:
        """Those that hold a target, newest first. Raises Refused(TooManyFiles) for too many."""
        listed = await self._list(f"{self.path}/_all", "list of snapshots", _SHORT)
        ours = [each for each in listed if target in each.indices]
        if len(ours) > MOST:
            raise self._server.refuse(
                Refused,
                Reason.TOO_MANY_SNAPSHOTS,
                f"the repository has {len(ours)} snapshots of {target}, and {MOST} are read; delete"
                " old ones",
            )
        new = [each.snapshot for each in ours if each.uuid not in self._read]
        for start in range(0, len(new), _AT_ONCE):
            await self._look(new[start : start + _AT_ONCE])
        found = [self._read[each.uuid] for each in ours if each.uuid in self._read]
        still = {each.uuid for each in listed}
        self._read = {
            uuid: each for uuid, each in self._read.items() if uuid in still and each.complete
        }
        return tuple(sorted(found, key=lambda each: (each.taken, each.id), reverse=True))

    async def one(self, snapshot: Snapshot) -> Snapshot:
        """The same one as the repository has it now. Raises NotThere, also where another one has
        its name by now.
        """
        path = f"{self.path}/{quoted(snapshot.name)}"
        for each in await self._list(path, "snapshot", {}):
            if each.uuid == snapshot.id:
                return _snapshot(each)
        raise self._server.refuse(
            NotThere,
            Reason.SNAPSHOT_GONE,
            f"the repository has no snapshot {snapshot.name} of that id any more",
        )

    async def refuse_writable(self) -> None:
        """Raises Refused(RepositoryWritable) where this side could write to the snapshots."""
        found = await self._server.call("repository", "GET", self.path, answers.REPOSITORIES)
        registered = found.get(self._name or "")
        if registered is None:
            self._missing()
        if registered.type != "url" and str(registered.settings.get("readonly")).lower() != "true":
            raise self._server.refuse(
                Refused,
                Reason.REPOSITORY_WRITABLE,
                f"repository {self._name} is registered so that staging could write to production's"
                " snapshots; register it with readonly: true",
            )

    def _missing(self) -> NoReturn:
        raise self._server.refuse(
            NotThere, Reason.REPOSITORY_MISSING, f"it has no repository {self._name}"
        )

    async def _look(self, names: Iterable[str]) -> None:
        # One that is deleted meanwhile is left out of the answer.
        path = f"{self.path}/{','.join(quote(each, safe='') for each in names)}"
        for each in await self._list(path, "snapshots", {"ignore_unavailable": "true"}):
            self._read[each.uuid] = _snapshot(each)

    async def _list(self, path: str, operation: str, query: dict[str, str]) -> list[answers.Listed]:
        try:
            found = await self._server.call(operation, "GET", path, answers.SNAPSHOTS, query=query)
        except NotAnswered as error:
            raise _with_advice(error) from None
        return found.snapshots


def _with_advice(error: NotAnswered) -> StagingMirrorError:
    if error.reason != Reason.OVERSIZED_ANSWER:
        return error
    return NotAnswered(
        Reason.OVERSIZED_ANSWER,
        f"{error.message}; keep fewer snapshots there, or snapshots of this index alone",
    )


def _snapshot(found: answers.Listed) -> Snapshot:
    return Snapshot(
        id=found.uuid,
        name=found.snapshot,
        # Its content is of this moment or later: what it lacks is not hidden.
        taken=found.start_time_in_millis / 1000,
        complete=found.state == "SUCCESS",
        targets=tuple(sorted(found.indices)),
        version=found.version[:40],
        manifest=manifest_in(found.metadata or {}),
    )
