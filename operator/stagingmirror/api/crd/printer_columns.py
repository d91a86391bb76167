"""What ``kubectl get`` prints. Times that may lie in the future are strings: kubectl prints a
future date as ``<invalid>``.
"""

from typing import Any

Column = dict[str, Any]


def _column(name: str, path: str, sort: str = "string", *, wide: bool = False) -> Column:
    return {"name": name, "type": sort, "jsonPath": path} | ({"priority": 1} if wide else {})


def _condition(type_: str, field: str = "status") -> str:
    return f'.status.conditions[?(@.type=="{type_}")].{field}'


_AGE = _column("Age", ".metadata.creationTimestamp", "date")

MIRROR = [
    _column("Sync", ".status.sync"),
    _column("Summary", ".status.summary"),
    _column("Seen", ".status.seen"),
    _column("Valid Until", ".status.validUntil"),
    _column("Last Refresh", ".status.lastRefreshTime", "date"),
    _column("Next Refresh", ".status.nextRefreshTime"),
    _AGE,
    _column("Activity", ".status.activity", wide=True),
    _column("Message", _condition("InSync", "message"), wide=True),
]

ENVIRONMENT = [
    _column("Role", ".spec.role"),
    _column("Ready", _condition("Ready")),
    _column("Read Only", _condition("KubernetesReadOnly")),
    _AGE,
    _column("MLflow", ".spec.mlflow.url", wide=True),
    _column("Message", _condition("Ready", "message"), wide=True),
]

HOLD = [
    _column("Until", ".spec.until"),
    _column("Effective Since", ".status.effectiveSince"),
    _AGE,
    _column("Reason", ".spec.reason"),
    _column("Mirrors", ".spec.mirrors", wide=True),
    _column("Components", ".spec.components", wide=True),
]

INSTALLATION = [
    _column("Namespace", ".spec.namespace"),
    _column("Release", ".spec.release"),
    _AGE,
]
