"""One key of one ConfigMap of staging."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from stagingmirror.actions.fence import FENCED, fence, hand_back
from stagingmirror.actions.step import (
    Arrived,
    ExecutableStep,
    Json,
    Outcome,
    Reverted,
    Task,
    stored_bytes,
    text_bytes,
)
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.facts import Unseen
from stagingmirror.drift.steps import Phase, Write
from stagingmirror.drift.wording import shown
from stagingmirror.errors import ChangedUnderneath, Conflicted, NotAnswered, NotThere, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapKey, ConfigMapSubject
from stagingmirror.sources.kubernetes.write.containers import Body
from stagingmirror.sources.kubernetes.write.field_managers import (
    FIELD_MANAGER,
    is_foreign,
    our_entry,
    owner_of,
)
from stagingmirror.sources.kubernetes.write.step_errors import rewritten
from stagingmirror.sources.kubernetes.write.writer import MERGE
from stagingmirror.view import View

_ATTEMPTS = 5
# Bytes of all values of a ConfigMap (Kubernetes: MaxSecretSize).
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SetConfigMapKey(ExecutableStep):
    phase: ClassVar[Phase] = "switch"
    order: ClassVar[int] = 30
    visible: ClassVar[bool] = True

    namespace: str
    name: str
    key: str
    value: str

    def describe(self) -> str:
        return f"{self._name}: {self.key} → {shown(self.value)}"

    def writes(self) -> tuple[Write, ...]:
        return (Write(ConfigMapKey(self.namespace, self.name, self.key), self.value),)

    def rollback_rank(self, loaded: frozenset[str]) -> int:
        return 1

    def replaced(self, value: str, before: Json) -> Sequence[object]:
        return (before["value"],) if value == self.value else ()

    def kept(self, view: View) -> int:
        observed = view.get(ConfigMapSubject(OWN, self.namespace, self.name))
        found = None if isinstance(observed, Unseen) else observed.value
        former = found.data.get(self.key) if found else None
        return stored_bytes(self.value) + stored_bytes(former)

    def owners(self, before: Json) -> Sequence[str]:
        owner = before.get("owner")
        return (f"{self._name}: {self.key} was managed by {owner}",) if is_foreign(owner) else ()

    async def survey(self, refresh: str, tools: Tools) -> Json:
        try:
            body = await tools.writer.get(self._path)
        except NotThere:
            raise StepFailed(Reason.NOT_THERE, f"there is no {self._name}; create it.") from None
        if body.get("immutable"):
            raise StepFailed(Reason.IMMUTABLE, f"{self._name} is immutable; name one that is not.")
        if (size := self._size_of(body)) > MOST_BYTES:
            raise StepFailed(
                Reason.TOO_LARGE,
                f"{self._name} would have {size} bytes, and can have {MOST_BYTES}; make the value "
                "shorter.",
            )
        return {
            "uid": body["metadata"]["uid"],
            "value": _value(body, self.key),
            "owner": self._owner(body),
            "ours": our_entry(body),
        }

    async def rehearse(self, task: Task, tools: Tools) -> None:
        await self._write(task, task.before["value"], self.value, tools, dry_run=True)

    async def take(self, task: Task, tools: Tools) -> Outcome:
        await self._write(task, task.before["value"], self.value, tools)
        return Arrived("written")

    async def verify(self, task: Task, tools: Tools) -> Outcome | Reverted:
        body = await tools.writer.get(self._path)
        now = _value(body, self.key)
        if now == self.value:
            return Arrived("holds the value")
        if now != task.before["value"] or self._owner(body) == FIELD_MANAGER:
            raise self._changed(body)
        manager = self._owner(body) or "somebody"
        return Reverted(manager, f"{manager} changed {self.key} of {self._name}")

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        try:
            body = await tools.writer.get(self._path)
            if body["metadata"]["uid"] != task.before["uid"]:
                raise self._changed(body)
            now, before = _value(body, self.key), task.before["value"]
            if now == before and FENCED not in task.after:
                return await fence(task, tools, self.namespace, self._path)
            if now != before:
                # What admission made of our value is ours to take back.
                former = now if self._owner(body) == FIELD_MANAGER else self.value
                await self._write(task, former, before, tools)
        except NotThere:
            return Arrived("is gone; nothing to roll back")
        return Arrived("written back")

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        try:
            body = await tools.writer.get(self._path)
            if _value(body, self.key) != task.before["value"]:
                raise StepFailed(
                    Reason.NOT_ROLLED_BACK, f"{self._name} does not hold its former value."
                )
            await hand_back(task, tools, self.namespace, self._path)
        except NotThere:
            return Arrived("is gone")
        return Arrived("as before")

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        now = _value(await tools.writer.get(self._path), self.key)
        return now in (task.before["value"], self.value)

    @property
    def _path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps/{self.name}"

    @property
    def _name(self) -> str:
        return f"ConfigMap {self.name}"

    def _size_of(self, body: Body) -> int:
        """What the API server would count once the value is written."""
        texts = {**(body.get("data") or {}), self.key: self.value}
        encoded = (body.get("binaryData") or {}).values()
        return sum(map(text_bytes, texts.values())) + sum(len(each) * 3 // 4 for each in encoded)

    def _owner(self, body: Body) -> str | None:
        return owner_of(body, ("f:data", f"f:{self.key}"))

    async def _write(
        self,
        task: Task,
        former: str | None,
        target: str | None,
        tools: Tools,
        *,
        dry_run: bool = False,
    ) -> None:
        for _ in range(_ATTEMPTS):
            body = await tools.writer.get(self._path)
            now = _value(body, self.key)
            if now == target:
                return
            if now != former or body["metadata"]["uid"] != task.before["uid"]:
                raise self._changed(body)
            try:
                patch = self._patch(body, target)
                answer = await tools.writer.patch(
                    self.namespace, self._path, patch, MERGE, dry_run=dry_run
                )
                if _value(answer, self.key) != target:
                    raise rewritten(f"{self.key} of {self._name}")
                return
            except Conflicted:
                continue
        raise NotAnswered(Reason.BUSY, f"{self._name} changes faster than it can be written.")

    def _patch(self, body: Body, target: str | None) -> dict[str, Any]:
        metadata = body["metadata"]
        fence = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        return {"metadata": fence, "data": {self.key: target}}

    def _changed(self, body: Body) -> ChangedUnderneath | StepFailed:
        who = self._owner(body) or "somebody"
        if who == FIELD_MANAGER:
            return rewritten(f"{self.key} of {self._name}")
        return ChangedUnderneath(
            Reason.CHANGED_UNDERNEATH,
            f"{who} changed {self.key} of {self._name} during the refresh.",
        )


def _value(body: Body, key: str) -> str | None:
    found: str | None = (body.get("data") or {}).get(key)
    return found
