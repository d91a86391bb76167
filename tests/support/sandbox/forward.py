"""A refresh on its way forward, on a wire that a test holds."""

from collections.abc import Mapping
from typing import Any

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.actions.step import ExecutableStep
from stagingmirror.drift.plan import Proposal, make
from stagingmirror.drift.verdict import Drifted
from stagingmirror.engine.refresh.execute.executor import Executor
from stagingmirror.engine.refresh.execute.state import Patience
from stagingmirror.engine.refresh.record.applied import Applied
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.record.record_store import Records
from support.kinds.records import a_record
from support.kinds.tools import Bench
from support.kubernetes.workloads import config_map, deployment

PATH = "/api/v1/namespaces/ml/configmaps/{}"
SERVER = "/apis/apps/v1/namespaces/ml/deployments/server"


def key(component: str) -> SetConfigMapKey:
    return SetConfigMapKey(f"k-{component}", (component,), "ml", component, "snapshot", "new")


def patch(component: str, *writes: Any) -> PatchWorkload:
    return PatchWorkload(f"p-{component}", (component,), "Deployment", "ml", "server", writes)


class Refresh(Bench):
    """A refresh of these components, each with its steps."""

    def __init__(self, steps: Mapping[str, tuple[ExecutableStep, ...]]) -> None:
        Bench.__init__(self)
        for name in steps:
            self.wire.put(PATH.format(name), config_map(name, "ml", {"snapshot": "old"}))
        self.wire.put(SERVER, deployment("server", "ml", "x:1", variables={"A": "1", "B": "1"}))
        self.records = Records(
            self.tools.writer, namespace="operator", writer_name="w", clock=self.clock
        )
        self.executor = Executor(self.records, self.tools, lambda record, entry: None)
        self.patience = Patience()
        plan = make(
            [Proposal(name, "Refresh", Drifted(()), each) for name, each in steps.items()], {}
        )
        self.begun = a_record(
            *map(Entry, plan.steps),
            parts=plan.parts,
            applied={name: Applied("mark", {}) for name in steps},
        )

    async def forward(self, passes: int = 12) -> Record:
        async def may_write(record: Record) -> None:
            return None

        record = self.records.get("uid-1") or await self.records.begin(self.begun)
        for _ in range(passes):
            if record.phase == "Forward":
                record = await self.executor.forward(record, may_write, self.patience)
        return record

    def value(self, name: str) -> str:
        return str(self.wire.objects[PATH.format(name)]["data"]["snapshot"])

    def variables(self) -> dict[str, str]:
        pod = self.wire.objects[SERVER]["spec"]["template"]["spec"]
        return {each["name"]: each["value"] for each in pod["containers"][0]["env"]}

    @property
    def writes(self) -> list[str]:
        return [call for call in self.wire.calls if "/operator/" not in call]
