"""A server on both sides of a cluster whose tokenizer is named by an argument."""

from typing import Any

from support.kubernetes.workloads import DIGEST, deployment

Object = dict[str, Any]
TOKENIZER = "--tokenizer-revision"
IMAGE = f"registry.example/vllm@{DIGEST.format(7)}"
COMMAND = ["vllm", "serve", "org/model"]


def server(namespace: str, *args: str, variables: Object | None = None) -> Object:
    body = deployment("server", namespace, IMAGE, variables=variables)
    container = body["spec"]["template"]["spec"]["containers"][0]
    container["command"] = COMMAND
    if args:
        container["args"] = list(args)
    return body


def tokenizer(**more: Any) -> Object:
    """An entry of track that is followed."""
    place = {"kind": "Deployment", "name": "server", "container": "app", "flag": TOKENIZER}
    setting = {"production": {"argument": place}} | more
    return {"name": "tokenizer", "mode": "Refresh", "setting": setting}


def args_of(body: Object) -> list[str] | None:
    """Those of its only container; None: it has none."""
    found: list[str] | None = body["spec"]["template"]["spec"]["containers"][0].get("args")
    return found
