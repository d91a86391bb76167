"""Every knob of the operator, read once at the door and handed down. All times are seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    namespace: str = "stagingmirror-system"
    """The operator's own namespace: Lease, records, Secrets of environments, HMAC key."""
    identity: str = "stagingmirror"
    """This process among its replicas: the pod's name."""
    release: str = "stagingmirror"
    """Which installation this is, of those in its namespace: the name of its ClusterRole."""
    metrics_port: int = 8080
    """livez, readyz and metrics. 0: a free port."""
    workers: int = 4
    """Checks that may be in work at once."""
    request_timeout: float = 10.0
    """Of one call to Kubernetes."""
    upstream_timeout: float = 5.0
    """Of one call to MLflow, without the body of an artifact."""
    upstream_connections: int = 8
    """Per server."""
    upstream_body: int = 32 * 1024 * 1024
    """Bytes of one answer of MLflow's API that are read at most."""
    artifact_timeout: float = 300.0
    """A stream of an artifact in which nothing moves for so long is given up."""
    store_interval: float = 300.0
    """How often a registry is asked for the files of a version (and for what else cannot be asked
    in bulk), at least.
    """
    clock_margin: float = 30.0
    """By how much the clocks of nodes, API server, MLflow and this process may differ: two times of
    two clocks that are no further apart prove no order.
    """
    sweep_interval: float = 30.0
    """How often watches are proven against a consistent LIST."""
    lease_duration: float = 8.0
    lease_renew_deadline: float = 5.0
    lease_retry: float = 1.0
    log_format: str = "json"
    """``json`` or ``console``."""
