"""Production in a cluster of its own: how staging's cluster reaches it, and what it may do there.

What is played: the network between the two. A forwarder leads from staging's node to production's
API server; a user has a route or a load balancer there. The commands are run inside staging's
network, as from a machine that reaches both.
"""

import base64
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from demo.answer import Answer
from rig.cluster.cluster import Cluster
from rig.kubernetes import join_kubeconfigs, write_kubeconfig
from rig.programs import program
from support.clusters.audit import Recorded, audited, recorded

OPERATOR_NAMESPACE = "stagingmirror-system"
ENVIRONMENT = "production"
ACCOUNT = "stagingmirror-reader"
LIMIT_SECONDS = 120


class Connection:
    """From staging's cluster to production's. ``audit``: the folder in which that one records."""

    def __init__(self, staging: Cluster, production: Cluster, audit: Path) -> None:
        self.production = production
        self._staging = staging
        self._audit = audit
        self._folder = staging.run_of.folder
        servers = {
            "staging": (staging, staging.server_inside),
            "production": (production, staging.reach_api_server(production)),
        }
        self._inside = self._contexts("contexts-inside", servers)
        local = {name: (cluster, cluster.server) for name, (cluster, _) in servers.items()}
        self.kubeconfig = self._contexts("contexts", local)
        """Of both clusters' administrators, for the host: contexts staging and production."""

    def connect(self, namespace: str) -> tuple[str, Answer]:
        """The command that makes the identity, and what it answered."""
        words = ["connect", ENVIRONMENT, "--context", "production", "-n", namespace, "--apply"]
        answer = self._run([sys.executable, "-m", "stagingmirror", *words], self._inside)
        return f"kubectl stagingmirror {shlex.join(words)}", answer

    def as_the_reader(self, *arguments: str) -> Answer:
        """kubectl with the very kubeconfig that the operator has, at production's API server."""
        name = f"{ENVIRONMENT}-cluster"
        secret = self._staging.kube.get("v1", "Secret", name, OPERATOR_NAMESPACE)
        file = self._folder / "operators.kubeconfig"
        file.touch(mode=0o600)
        file.write_bytes(base64.b64decode(secret["data"]["kubeconfig"]))
        return self._run([program("kubectl"), *arguments], file)

    def recorded(self, namespace: str) -> list[Recorded]:
        """All that production's API server was asked for by that identity."""
        return [*recorded(self._audit, f"system:serviceaccount:{namespace}:{ACCOUNT}")]

    def _contexts(self, name: str, servers: Mapping[str, tuple[Cluster, str]]) -> Path:
        parts = [
            write_kubeconfig(
                self._folder / f"{name}-{context}",
                server=server,
                ca=cluster.ca_path,
                token=cluster.admin_token,
                user=f"{context}-admin",
                name=context,
            )
            for context, (cluster, server) in servers.items()
        ]
        return join_kubeconfigs(self._folder / name, *parts)

    def _run(self, command: Sequence[str | Path], kubeconfig: Path) -> Answer:
        """In staging's network."""
        prefix = self._staging.enclosure.in_network
        variables = [f"KUBECONFIG={kubeconfig}", "NO_COLOR=1"]
        done = subprocess.run(
            [*prefix, "env", *variables, *command],
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        return Answer.of(done)


@contextmanager
def connected(staging: Cluster) -> Iterator[Connection]:
    """Production's cluster beside staging's: an API server, a node and a registry of its own."""
    with TemporaryDirectory() as folder:
        audit = Path(folder)
        with Cluster("production", api_server=audited(audit)) as production:
            yield Connection(staging, production, audit)
