"""Production in a cluster of its own: what the operator's identity may do there, and did."""

import json
import shlex
from collections import Counter

from demo.connection import Connection
from demo.demo_cluster import PRODUCTION, DemoCluster
from demo.narrator import Narrator

FORBIDDEN = 403


def run(connection: Connection, demo: DemoCluster, narrator: Narrator) -> None:
    """Before anything is mirrored."""
    narrator.act("Production is another cluster, and only read")
    narrator.command(
        "kubectl get mirrorenvironments", demo.kubectl("get", "mirrorenvironments", "-o", "wide")
    )
    narrator.line("The operator's identity there, by the kubeconfig that it was given, may:")
    _reader(connection, narrator, "auth", "can-i", "--list", "-n", PRODUCTION)
    data = json.dumps({"data": {"snapshot": "2000-01-01"}})
    for what, words in (
        ("production refuses it a write", ("patch", "configmap", "training-data", "-p", data)),
        ("and its Secrets", ("get", "secrets")),
    ):
        text = _reader(connection, narrator, *words, "-n", PRODUCTION)
        narrator.expect(what, holds="(Forbidden)" in text, found=text)
    data = demo.within(PRODUCTION, "get", "configmap", "training-data", "-o", "jsonpath={.data}")
    narrator.expect("nothing has changed", holds="2026-11-20" in data, found=data)


def what_was_requested(connection: Connection, narrator: Narrator) -> None:
    """After all of the story."""
    narrator.act("What production's API server recorded of that identity")
    found = connection.recorded(PRODUCTION)
    verbs = Counter(each.verb for each in found if not each.is_write)
    counted = ", ".join(f"{verb} {count}" for verb, count in sorted(verbs.items()))
    narrator.line(f"{len(found)} requests: {counted} (create: questions about its own rights).")
    writes = [each for each in found if each.is_write]
    narrator.expect(
        "the one write among them is the one that was tried above, and refused",
        holds=[(each.verb, each.code) for each in writes] == [("patch", FORBIDDEN)],
        found=writes,
    )


def _reader(connection: Connection, narrator: Narrator, *words: str) -> str:
    answer = connection.as_the_reader(*words)
    shown = shlex.join(("kubectl", "--kubeconfig", "operators.kubeconfig", *words))
    narrator.command(shown, answer.text)
    return answer.text
