"""Recognisable texts, planted wherever something secret can be."""

import base64
import secrets
from typing import Any

from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from support.kubernetes.workloads import DIGEST, config_map, deployment
from support.mlflow.bad_registry import BadRegistry
from support.operators.operator import World
from support.resources import resources

Object = dict[str, Any]

MARK = secrets.token_hex(4)
PINNED = f"registry.example/features@{DIGEST.format(1)}"
SHOWN = f"shown-{MARK}"
"""What an admin made readable: it must be found, else nobody has looked."""
PLACE = {"kind": "Deployment", "name": "server", "container": "app"}
BAD = {"echoes-basic": "broken", "echoes-token": "garbage", "unlabelled": "unauthorized"}
"""Mirrors whose production registry is bad, and how."""
SURFACES = {
    "StagingMirror (json)": "answered 500",
    "StagingMirror (console)": "answered 500",
    "MirrorEnvironment (json)": "the answer is no JSON object",
    "MirrorEnvironment (console)": "the answer is no JSON object",
    "Events of ": SHOWN,
    "ConfigMaps of our own": "record.json",
    "Leases of our own": "stagingmirror.dev/settled-at",
    "log (json)": SHOWN,
    "log (console)": SHOWN,
    "metrics": 'name="echoes-token"',
    "stagingmirror status -o json": "answered 500",
    "stagingmirror status echoes-basic": "answered 500",
    "stagingmirror diff": SHOWN,
    "stagingmirror plan": "A refresh now would change staging",
    "stagingmirror history": "of 1 applied",
    "stagingmirror check": "<testsuite",
}
"""Where something is said, and what is said there when somebody has looked."""


def planted(what: str) -> str:
    return f"planted-{what}-{MARK}"


def plant_values(world: World) -> None:
    for side, space in (("production", world.production), ("staging", world.staging)):
        hidden = {key: planted(f"{key}-of-{side}") for key in ("password", "other")}
        snapshot = {"snapshot": f"{SHOWN} in {side}", "untracked": planted(f"key-of-{side}")}
        snapshot["moved"] = f"moved-{MARK} by {side}"
        variables = {
            "HIDDEN": planted(f"variable-of-{side}"),
            "PASSWORD": {"secretKeyRef": {"name": "database", "key": "password"}},
        }
        server = deployment("server", space, PINNED, variables=variables)
        server["metadata"]["annotations"] = {"hid/den": planted(f"annotation-of-{side}")}
        server["spec"]["replicas"] = 0
        world.kube.apply(
            config_map("hidden", space, hidden),
            config_map("training-data", space, snapshot),
            server,
            manager="owner",
        )
        secret(world, "database", space, {"password": planted(f"secret-of-{side}")})


def plant_models(side: str, server: MlflowServer) -> None:
    """Bytes that hold an address with a password, parameters and a source that are one."""
    index = f"https://user:{planted(f'index-of-{side}')}@index.example/simple"
    files = {"w.bin": "x", "requirements.txt": f"--extra-index-url {index}\nscikit-learn==1.7\n"}
    params = {
        "data_url": f"postgres://user:{planted(f'parameter-of-{side}')}@db.example/x",
        "login": f"{planted(f'login-of-{side}')}@db.example",
    }
    log_files(server, f"requirements-{MARK}", files, params=params, alias="champion")
    client = client_of(server)
    client.create_registered_model(f"elsewhere-{MARK}")
    source = f"s3://user:{planted(f'source-of-{side}')}@bucket/model"
    made = client.create_model_version(f"elsewhere-{MARK}", source)
    client.set_registered_model_alias(f"elsewhere-{MARK}", "champion", made.version)


def plant_credentials(world: World, registry: BadRegistry) -> None:
    own = world.namespace
    secrets_of = {
        "echoes-basic": {"username": planted("username"), "password": planted("password")},
        "echoes-token": {"token": planted("token")},
        "unlabelled": {"token": planted("unlabelled")},
    }
    for name, fault in BAD.items():
        environment = bad_environment(world, name)
        labels = {} if name == "unlabelled" else {"stagingmirror.dev/environment": environment}
        secret(world, name, own, secrets_of[name], labels)
        server = {"url": registry.url(fault), "credentialsSecretRef": {"name": name}}
        spec: Object = {"usableFrom": [world.staging], "namespaces": [world.production]}
        world.kube.create(resources.environment(environment, "Production", **spec, mlflow=server))


def bad_environment(world: World, name: str) -> str:
    return f"{world.environments['production']}-{name}"


def secret(
    world: World, name: str, space: str, data: dict[str, str], labels: Object | None = None
) -> None:
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    metadata = {"name": name, "namespace": space, "labels": labels or {}}
    world.kube.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded})
