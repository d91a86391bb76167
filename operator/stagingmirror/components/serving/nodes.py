"""The nodes that pods are on: staging's are equal to production's where each of them is one that
production's pods are on, or were in the last 24 h, since autoscaled nodes come and go.
"""

from collections.abc import Callable, Iterable, Mapping

from stagingmirror.component import Role
from stagingmirror.components.serving.side import ServingSide
from stagingmirror.drift.facts import Fact
from stagingmirror.reading.reading import Reading
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects.serving import Node, Nodes

_COMPARED: Mapping[str, Callable[[Node], str]] = {
    "node.instanceType": lambda node: node.instance_type,
    "node.architecture": lambda node: node.architecture,
    "node.accelerator": lambda node: node.accelerator,
}
_KERNEL = "node.kernel"
_NONE = "none"
_FORBIDDEN = "our account may not read them (nodes.read of the chart allows it)"


def node_facts(
    own: ServingSide, other: ServingSide | None, role: Role, reading: Reading
) -> dict[str, Fact]:
    """Shown and not compared where the nodes of either side are not seen."""
    if not isinstance(own.nodes, Nodes):
        is_forbidden = own.nodes.reason == Reason.FORBIDDEN
        why = _FORBIDDEN if is_forbidden else own.nodes.message.rstrip(".")
        reading.finding(
            f"{', '.join(_COMPARED)} are not compared, since nodes are not seen: {why}."
        )
        return {}
    theirs = other.nodes if other is not None and isinstance(other.nodes, Nodes) else None
    production, staging = (own.nodes, theirs) if role == "production" else (theirs, own.nodes)
    is_known = other is None or isinstance(other.nodes, Nodes)
    is_on_some = all((production is None or production.recent, staging is None or staging.now))
    is_compared = is_known and is_on_some
    facts: dict[str, Fact] = {}
    for name, label in _COMPARED.items():
        mine = own.nodes.recent if role == "production" else own.nodes.now
        shown = _labels(mine, label)
        if is_compared and role == "staging" and production is not None:
            known = _labels(production.recent, label)
            shown = known if shown <= known else shown
        if shown - {_NONE}:
            facts[name] = Fact(_text(shown), compared=is_compared)
    kernels = _labels(own.nodes.now, lambda node: node.kernel)
    if kernels - {_NONE}:
        facts[_KERNEL] = Fact(_text(kernels), compared=False)
    return facts


def _labels(nodes: Iterable[Node], label: Callable[[Node], str]) -> frozenset[str]:
    return frozenset(label(each) or _NONE for each in nodes)


def _text(labels: frozenset[str]) -> str:
    return ", ".join(sorted(labels))
