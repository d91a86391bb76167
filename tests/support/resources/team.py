"""An account that may create StagingMirrors and nothing else."""

from dataclasses import dataclass, field
from typing import Any

from rig.kube import Kube
from support.kubernetes.rights import RBAC
from support.operators.operator import World
from support.operators.rigs import make_namespace

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Team:
    """An account that may create StagingMirrors in two namespaces, and nothing else."""

    world: World
    kube: Kube
    elsewhere: str
    """A namespace that may use no environment."""
    made: list[str] = field(default_factory=list)

    def mirror(self, *track: Object, name: str | None = None, **spec: Any) -> str:
        name = name or f"mirror-{len(self.made)}"
        self.made.append(name)
        self.kube.create(self.world.mirror_body(name, track=list(track), **spec))
        return name

    def components(self, *track: Object, **spec: Any) -> dict[str, Object]:
        """What the status says of each, once everything has answered."""
        name = self.mirror(*track, **spec)
        status = self.world.until(is_answered, name)
        return {each["name"]: each for each in status["components"]}


def is_answered(status: Object) -> bool:
    waits = {"NotPolledYet", "ReadingBytes", "NotKnownYet"}
    reasons = [each.get("reason") for each in status.get("components") or ()]
    return bool(reasons) and not waits & set(reasons)


def make_team(world: World) -> Team:
    elsewhere = make_namespace(world.kube, "elsewhere")
    rule = {"apiGroups": ["stagingmirror.dev"], "resources": ["stagingmirrors"]}
    account = {"kind": "ServiceAccount", "name": "team", "namespace": world.staging}
    kube = world.control_plane.as_service_account(world.staging, "team")
    for space in (world.staging, elsewhere):
        metadata = {"name": "team", "namespace": space}
        group = "rbac.authorization.k8s.io"
        world.kube.apply(
            {
                "apiVersion": RBAC,
                "kind": "Role",
                "metadata": metadata,
                "rules": [{**rule, "verbs": ["create"]}],
            },
            {
                "apiVersion": RBAC,
                "kind": "RoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": group, "kind": "Role", "name": "team"},
                "subjects": [account],
            },
        )
    return Team(world, kube, elsewhere)
