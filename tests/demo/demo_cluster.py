"""Sets up the demo as users would: two sides, each with an MLflow server and workloads, and the
operator by its chart.
"""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from string import Template
from typing import Any

from demo import samples
from demo.answer import Answer
from demo.buckets import MLFLOW_ROOT, RANKER, Buckets
from demo.connection import OPERATOR_NAMESPACE, Connection
from demo.narrator import Narrator, NotAsExpectedError
from rig.cluster.cluster import Cluster
from rig.cluster.enclosure import NODE_ADDRESS
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_model
from rig.programs import program
from support.operators.operator_image import operator_image

ROOT = Path(__file__).parents[2]
MANIFESTS = Path(__file__).parent / "manifests"
EXAMPLES = ROOT / "examples"
PRODUCTION, STAGING = "ml-prod", "ml-staging"
REGISTERED = "fraud-detector"
ALIAS = "champion"
PRODUCTIONS_MLFLOW = f"http://mlflow-production.{OPERATOR_NAMESPACE}.svc:5000"
PRODUCTIONS_FEATURES = f"http://features-production.{OPERATOR_NAMESPACE}.svc:5000/features"
"""Where staging's pods reach them if they are in another cluster."""
LIMIT_SECONDS = 180
READY = {"staging": "Ready", "production": "KubernetesReadOnly"}
"""The condition of each environment that must be True before anything is mirrored."""

# MLflow logs hints on how to save models; the demo is about something else.
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")


class DemoCluster:
    """The demo. Every method does what a user would do with the same tool.

    ``cluster`` is staging's and the operator's. Without a ``connection`` production is in it too.
    """

    def __init__(
        self, cluster: Cluster, narrator: Narrator, connection: Connection | None = None
    ) -> None:
        self.cluster = cluster
        self.connection = connection
        self._production = connection.production if connection else cluster
        self._narrator = narrator
        self.mlflow: dict[str, MlflowServer] = {}
        self.buckets: Buckets | None = None
        self.images: dict[str, str] = {}

    @property
    def kubeconfig(self) -> Path:
        """Of the administrator; the current context is staging's."""
        return self.connection.kubeconfig if self.connection else self.cluster.kubeconfig

    def set_up(self) -> None:
        """Everything up to `kubectl apply` of the mirror. Takes about a minute once built."""
        self.set_sides(in_buckets=True)
        if self.connection:
            self._connect(self.connection)
        with self._narrator.timed("the operator: its image, helm install"):
            self._install()

    def set_sides(self, *, in_buckets: bool) -> None:
        """Production and staging, without the operator. ``in_buckets``: production's MLflow names
        a root in an object store.
        """
        with self._narrator.timed("two namespaces, two MLflow servers, an object store"):
            self._production.kubectl("create", "namespace", PRODUCTION)
            for namespace in (STAGING, OPERATOR_NAMESPACE):
                self.kubectl("create", "namespace", namespace)
            enforce = "pod-security.kubernetes.io/enforce=restricted"
            self.kubectl("label", "namespace", OPERATOR_NAMESPACE, enforce)
            self.buckets = Buckets(self.cluster) if in_buckets else None
            root = [f"--default-artifact-root={MLFLOW_ROOT}"] if in_buckets else []
            self.mlflow = {
                PRODUCTION: self._production.mlflow(PRODUCTION, options=root),
                STAGING: self.cluster.mlflow(STAGING),
            }
            for server in self.mlflow.values():
                server.await_ready()
        with self._narrator.timed("images of the services"):
            for cluster in {self._production, self.cluster}:
                self._make_images(cluster)
        with self._narrator.timed("a trained model in both registries, workloads on both sides"):
            for namespace, seed in ((PRODUCTION, 1), (STAGING, 0)):
                self.train(namespace, seed=seed)
                self._deploy(namespace)

    def train(self, namespace: str, *, seed: int, snapshot: str = "2026-11-20") -> str:
        """Train and register a version; the alias moves to it. Returns the version."""
        logged = log_model(
            self.mlflow[namespace].probe,
            REGISTERED,
            params={"C": f"{seed + 1}.0"},
            alias=ALIAS,
            data_snapshot=snapshot,
            seed=seed,
            upload=self.buckets.upload if self.buckets and namespace == PRODUCTION else None,
        )
        # Pods start in a later second than the model that they serve was registered in.
        time.sleep(1.1)
        return logged.version

    def overwrite_a_file(self, version: str) -> str:
        """Change one byte of the largest file of staging's version, in the store. Its path."""
        server = self.mlflow[STAGING]
        source = client_of(server.probe).get_model_version(REGISTERED, version).source
        (folder,) = server.artifacts.glob(f"**/{source.rpartition('/')[2]}/artifacts")
        largest = max(folder.rglob("*"), key=lambda file: file.stat().st_size * file.is_file())
        content = bytearray(largest.read_bytes())
        content[len(content) // 2] ^= 1
        largest.write_bytes(content)
        return str(largest.relative_to(folder))

    def kubectl(self, *arguments: str) -> str:
        """As the administrator of staging's cluster."""
        return self.cluster.kubectl(*arguments)

    def within(self, namespace: str, *arguments: str, given: str | None = None) -> str:
        """kubectl as an administrator, in a namespace of its side's cluster. `given` is its
        standard input.
        """
        return self._cluster_of(namespace).kubectl("-n", namespace, *arguments, input=given)

    @property
    def sides(self) -> tuple[tuple[Cluster, str], ...]:
        """The cluster and the namespace of each."""
        return (self._production, PRODUCTION), (self.cluster, STAGING)

    def _cluster_of(self, namespace: str) -> Cluster:
        return self._production if namespace == PRODUCTION else self.cluster

    def stagingmirror(self, *arguments: str) -> Answer:
        """`kubectl stagingmirror …`, from outside the cluster, as its administrator."""
        done = subprocess.run(
            [sys.executable, "-m", "stagingmirror", *arguments],
            env={**os.environ, "KUBECONFIG": str(self.cluster.kubeconfig), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        return Answer.of(done)

    def status(self, name: str = "fraud") -> dict[str, Any]:
        """The mirror's status as it stands now."""
        text = self.kubectl("-n", STAGING, "get", "stagingmirror", name, "-o", "json")
        status: dict[str, Any] = json.loads(text).get("status", {})
        return status

    def set_image(self, namespace: str, image: str) -> None:
        self.within(namespace, "set", "image", "deployment/features", f"app={image}")
        self.rolled_out(namespace, "features")

    def rolled_out(self, namespace: str, deployment: str) -> None:
        self.within(namespace, "rollout", "status", f"deployment/{deployment}")

    def running_digests(self, app: str) -> frozenset[str]:
        """What staging's ready pods run, as the node reports it."""
        listed = self.kubectl("-n", STAGING, "get", "pods", "-l", f"app={app}", "-o", "json")
        return frozenset(
            status["imageID"].rpartition("@")[2]
            for pod in json.loads(listed)["items"]
            if "deletionTimestamp" not in pod["metadata"]
            for status in pod["status"].get("containerStatuses", [])
            if status["ready"]
        )

    def operator_log(self) -> str:
        """The end of the operator's log."""
        pods = ("-l", "app.kubernetes.io/name=stagingmirror")
        try:
            return self.kubectl("-n", OPERATOR_NAMESPACE, "logs", *pods, "--tail=40", "--prefix")
        except subprocess.CalledProcessError as error:
            return f"(not available: {error.stderr})"

    def _make_images(self, cluster: Cluster) -> None:
        """The same in every cluster's registry, digests included."""
        build = cluster.images.build
        self.images = {
            "features": build("features", tag="1.0"),
            "features-fixed": build("features", tag="1.1", logic="ratio-guarded"),
            "needs-variable": build("features", tag="1.2", needs="FEATURE_STORE"),
            "model_server": build("model-server"),
            "loader": build("loader"),
            "vectors": build("vectors"),
        }

    def _deploy(self, namespace: str) -> None:
        store = "feast.ml-prod" if namespace == PRODUCTION else ""
        names = {**self.images, "version": "1", "feature_store": store}
        names["model_uri"] = RANKER[namespace]
        files = ["workloads.yaml", "user-features.yaml"]
        if self.buckets:
            files.append("inference-service.yaml")
        if namespace == STAGING:
            files.append("loader.yaml")
        for file in files:
            text = Template((MANIFESTS / file).read_text()).substitute(names)
            self.within(namespace, "apply", "-f", "-", given=text)
        if namespace == PRODUCTION:
            offered = f"--from-literal={samples.KEY}={samples.lines()}"
            self.within(namespace, "create", "configmap", samples.CONFIG_MAP, offered)
        for deployment in ("fraud-server", "features", "user-features"):
            self.rolled_out(namespace, deployment)

    def _connect(self, connection: Connection) -> None:
        with self._narrator.timed("an identity that may only read production's cluster"):
            command, answer = connection.connect(PRODUCTION)
            self._narrator.command(command, answer.text)
            if answer.code != 0:
                raise NotAsExpectedError(f"connect: exit code {answer.code}")
            mlflow = self.mlflow[PRODUCTION].url.rpartition(":")[2]
            port = self.cluster.reach(self._production, NODE_ADDRESS, int(mlflow))
            self.cluster.serve(OPERATOR_NAMESPACE, "mlflow-production", port)
            address = self.within(
                PRODUCTION, "get", "service", "user-features", "-o", "jsonpath={.spec.clusterIP}"
            )
            port = self.cluster.reach(self._production, address, 8080)
            self.cluster.serve(OPERATOR_NAMESPACE, "features-production", port)

    def _install(self) -> None:
        image = self.cluster.images.push(operator_image(), "stagingmirror", tag="demo")
        repository, digest = image.split("@")
        values = ["-f", f"{EXAMPLES.name}/values.yaml", "--set", "log.format=console"]
        values += ["-f", str((MANIFESTS / "object-stores.yaml").relative_to(ROOT))]
        if self.connection:
            values += ["-f", f"{EXAMPLES.name}/another-cluster.yaml"]
            values += ["--set", f"environments.production.mlflow.url={PRODUCTIONS_MLFLOW}"]
            url = f"environments.production.endpoints[0].url={PRODUCTIONS_FEATURES}"
            values += ["--set", url]
        # Everything in the demo goes by one clock.
        of_the_image = (
            f"image.repository={repository},image.digest={digest},extraArgs={{--clock-margin=0}}"
        )
        command = ("install", "stagingmirror", "helm/stagingmirror", "--wait", *values)
        output = self.helm(*command, "--set", of_the_image)
        shown = ("helm", "-n", OPERATOR_NAMESPACE, *command, "--set", of_the_image)
        self._narrator.command(shlex.join(shown), output)
        for name, condition in READY.items():
            self.kubectl(
                "wait", f"mirrorenvironment/{name}", f"--for=condition={condition}", "--timeout=60s"
            )

    def helm(self, *arguments: str) -> str:
        """From the root of the repository, as a user would."""
        where = ["--kubeconfig", str(self.cluster.kubeconfig), "-n", OPERATOR_NAMESPACE]
        done = subprocess.run(
            [str(program("helm")), *where, *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=True,
        )
        return done.stdout
