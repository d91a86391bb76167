"""The only way to write into staging's namespaces.

Every write passes one check: never into a namespace that any Production environment lists, whoever
else lists it, and never from a process that does not lead. Each carries the resourceVersion that
was judged, so a late write of a paused process meets a 409.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from stagingmirror.api.types.workload import CUSTOM, TemplateKind
from stagingmirror.errors import (
    ChangedUnderneath,
    Conflicted,
    NeedsHuman,
    NotAllowed,
    NotAnswered,
    NotLeading,
    Refused,
    StepFailed,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.write.containers import Body, workload_path
from stagingmirror.sources.kubernetes.write.field_managers import (
    FIELD_MANAGER,
    giving_back,
    owner_of,
)
from stagingmirror.sources.kubernetes.write.field_patch import (
    Change,
    field_of,
    patch_for,
    path_of,
    read_field,
)
from stagingmirror.sources.kubernetes.write.json_patch import json_patch_for
from stagingmirror.sources.kubernetes.write.step_errors import before_writing, not_proven, rewritten

JSON = "application/json"
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
# A label that is there for a moment, see ``touch``: an annotation would be a new generation.
TOUCHED = "stagingmirror.dev/touched"

_ATTEMPTS = 5


class Requests(Protocol):
    """What is needed of ``KubernetesClient``."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = JSON,
    ) -> Any: ...

    def pages(
        self, path: str, *, limit: int, shape: Callable[[dict[str, Any]], Any]
    ) -> AsyncIterator[dict[str, Any]]: ...


class Writer:
    """``productions`` answers which namespaces of this cluster any Production environment lists,
    now; ``unproven`` which may be among them: of clusters that are not proven to be another one.
    ``is_elsewhere`` answers that for an environment and its ``cluster``; None: it is not proven.
    """

    def __init__(
        self,
        client: Requests,
        *,
        productions: Callable[[], frozenset[str]],
        unproven: Callable[[], frozenset[str]],
        is_elsewhere: Callable[[str, object], bool | None],
        leading: Callable[[], bool],
    ) -> None:
        self._client = client
        self.is_elsewhere = is_elsewhere
        self._productions = productions
        self._unproven = unproven
        self._leading = leading

    async def get(self, path: str) -> dict[str, Any]:
        """The object, read now. Raises NotThere."""
        return dict(await self._client.request("GET", path))

    async def select(self, path: str, labels: str = "") -> list[dict[str, Any]]:
        """The objects of a collection with these labels, read now."""
        query = {"limit": "500"} | ({"labelSelector": labels} if labels else {})
        found: list[dict[str, Any]] = []
        while True:
            page = await self._client.request("GET", path, query=query)
            found.extend(page.get("items") or ())
            more = (page.get("metadata") or {}).get("continue")
            if not more:
                return found
            query["continue"] = more

    async def matching(
        self, path: str, matches: Callable[[Mapping[str, Any]], bool], *, page: int = 500
    ) -> list[dict[str, Any]]:
        """The objects of a collection that match, read now, ``page`` at once. However many there
        are, others run in between, and those that do not match are not kept.
        """
        found: list[dict[str, Any]] = []
        pages = self._client.pages(
            path, limit=page, shape=lambda body: body if matches(body) else None
        )
        async for each in pages:
            found += [body for body in each["items"] if body is not None]
        return found

    async def create(
        self, namespace: str, path: str, body: Body, *, dry_run: bool = False
    ) -> dict[str, Any]:
        return await self._write("POST", namespace, path, body, JSON, dry_run=dry_run)

    async def patch(
        self, namespace: str, path: str, body: object, content_type: str, *, dry_run: bool = False
    ) -> dict[str, Any]:
        """``dry_run``: rights, validation and admission as for the real one, and nothing is kept.
        Raises Refused (DryRunNotSupported) where a webhook cannot do that.
        """
        return await self._write("PATCH", namespace, path, body, content_type, dry_run=dry_run)

    async def replace(self, namespace: str, path: str, body: Body) -> dict[str, Any]:
        """A PUT: the body's resourceVersion fences it."""
        return await self._write("PUT", namespace, path, body, JSON)

    async def _write(
        self,
        method: str,
        namespace: str,
        path: str,
        body: object,
        content_type: str,
        *,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        self.permit(namespace)
        query = {"fieldManager": FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        answer = await self._client.request(
            method, path, query=query, body=body, content_type=content_type
        )
        return dict(answer)

    async def delete(
        self, namespace: str, path: str, uid: str, *, foreground: bool = False
    ) -> None:
        """``foreground``: it stays, being deleted, until everything that it owns is gone."""
        self.permit(namespace)
        policy = "Foreground" if foreground else "Background"
        body = {"propagationPolicy": policy, "preconditions": {"uid": uid}}
        await self._client.request("DELETE", path, body=body)

    async def change(
        self,
        kind: TemplateKind,
        namespace: str,
        name: str,
        uid: str,
        changes: Sequence[Change],
        *,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Change these fields in one patch and return the workload as it then is; nothing is
        written where they are so already. Raises ChangedUnderneath where one of them is neither
        what it was nor what it is to become, StepFailed (RewrittenByAdmission) where the API server
        keeps something else than was written.
        """
        path = workload_path(kind, namespace, name)
        for _ in range(_ATTEMPTS):
            body = await self.get(path)
            with before_writing():
                if not _still_to_do(body, kind, uid, changes):
                    return body
                patch, content_type = _patch_of(body, kind, changes)
            try:
                kept = await self.patch(namespace, path, patch, content_type, dry_run=dry_run)
            except Conflicted:
                continue
            except Refused:
                if kind in CUSTOM and await self._is_another(path, body):
                    continue  # a `test` did not hold: a 422, as a wrong patch is
                raise
            for change in changes:
                if read_field(kept, kind, change.write) != change.target:
                    raise rewritten(f"the {field_of(change.write)} of {kind} {name}")
            return kept
        raise _busy(kind, name)

    async def _is_another(self, path: str, body: Body) -> bool:
        """Whether it was changed since it was read."""
        version = (await self.get(path))["metadata"]["resourceVersion"]
        return bool(version != body["metadata"]["resourceVersion"])

    async def touch(self, namespace: str, path: str, *, mark: bool) -> None:
        """Give the object another resourceVersion by a mark, and take the mark off again: a write
        that was judged before, and that only arrives now, meets a 409. Each may be done twice. What
        may not be written now could not be written then either.
        """
        labels = (await self.get(path))["metadata"].get("labels") or {}
        if (TOUCHED in labels) == mark:
            return
        with suppress(Refused, NotAllowed):
            change = {"metadata": {"labels": {TOUCHED: FIELD_MANAGER if mark else None}}}
            await self.patch(namespace, path, change, MERGE)

    async def give_back(self, namespace: str, path: str, former: Body | None) -> None:
        """Make our entry in managedFields what it was, so that the owner's next apply works."""
        refused: tuple[str, Refused] | None = None
        for _ in range(_ATTEMPTS):
            body = await self.get(path)
            version = body["metadata"]["resourceVersion"]
            if refused is not None and refused[0] == version:
                raise refused[1]
            patch = giving_back(body, former)
            if patch is None:
                return
            try:
                await self.patch(namespace, path, patch, JSON_PATCH)
                return
            except Conflicted:
                continue
            except Refused as error:
                # A `test` that does not hold is a 422, as a wrong patch is: only where the object
                # is still the one that was read, it was the patch.
                refused = (version, error)
        raise _busy("object", path.rsplit("/", 1)[-1])

    def permit(self, namespace: str) -> None:
        """Raises where nothing may be written there, or by us, now."""
        if namespace in self._productions():
            raise NeedsHuman(
                Reason.PRODUCTION_IS_READ_ONLY,
                f"namespace {namespace} is listed by a Production environment, so nothing is "
                "written there; take it out of that environment if it is staging's.",
            )
        if namespace in self._unproven():
            raise not_proven(namespace)
        self.refuse_unless_leading()

    def refuse_unless_leading(self) -> None:
        """Called right before each write, whatever system it goes to. Raises NotLeading."""
        if not self._leading():
            raise NotLeading(Reason.NOT_LEADING, "another process leads; this one writes nothing.")


def _patch_of(body: Body, kind: TemplateKind, changes: Sequence[Change]) -> tuple[object, str]:
    """With its content type."""
    if kind in CUSTOM:
        return json_patch_for(body, kind, changes), JSON_PATCH
    return patch_for(body, kind, changes), STRATEGIC


def _still_to_do(body: Body, kind: TemplateKind, uid: str, changes: Sequence[Change]) -> bool:
    who = f"{kind} {body['metadata']['name']}"
    if body["metadata"]["uid"] != uid:
        raise ChangedUnderneath(Reason.CHANGED_UNDERNEATH, f"{who} was deleted and made again.")
    entries = [(change, read_field(body, kind, change.write)) for change in changes]
    undone = [(change, entry) for change, entry in entries if entry != change.target]
    for change, entry in undone:
        if entry != change.former:
            raise changed_underneath(body, kind, change)
    return bool(undone)


def is_ours(body: Body, kind: TemplateKind, change: Change) -> bool:
    """Whether a request of ours was the last to change the field. What it holds then, and is not
    what we wrote, was made of that by admission.
    """
    return owner_of(body, path_of(body, kind, change.write)) == FIELD_MANAGER


def changed_underneath(
    body: Body, kind: TemplateKind, change: Change
) -> ChangedUnderneath | StepFailed:
    """The error that names the field and who wrote it."""
    if is_ours(body, kind, change):
        return rewritten(f"the {field_of(change.write)} of {kind} {body['metadata']['name']}")
    from_whom = owner_of(body, path_of(body, kind, change.write)) or "somebody"
    return ChangedUnderneath(
        Reason.CHANGED_UNDERNEATH,
        f"{from_whom} changed the {field_of(change.write)} of {kind} {body['metadata']['name']} "
        "during the refresh.",
    )


def _busy(kind: str, name: str) -> NotAnswered:
    return NotAnswered(
        Reason.BUSY, f"{kind} {name} changes faster than it can be written; tried again."
    )
