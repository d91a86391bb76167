"""Probes of a container, and what else calls it. Pure.

A program that is run is not shown, nor are headers or what is behind a ``?``: they may hold a
credential.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Body: TypeAlias = Mapping[str, Any]
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def probes(container: Body) -> Iterator[tuple[str, str]]:
    for name in PROBES:
        probe = container.get(name)
        if not probe:
            continue
        yield name, handler(probe) or "not known"
        yield f"{name}.timeout", f"{_number(probe, 'timeoutSeconds', 1)}s"
        yield f"{name}.thresholds", _thresholds(probe)


def _thresholds(probe: Body) -> str:
    """When it is called, and how often it must fail or succeed."""
    text = (
        f"after {_number(probe, 'initialDelaySeconds', 0)}s,"
        f" every {_number(probe, 'periodSeconds', 10)}s,"
        f" failures {_number(probe, 'failureThreshold', 3)},"
        f" successes {_number(probe, 'successThreshold', 1)}"
    )
    grace = probe.get("terminationGracePeriodSeconds")
    return text if grace is None else f"{text}, grace {grace}s"


def _number(probe: Body, field: str, default: int) -> int:
    """Not given and zero are one: the API server fills in what is zero."""
    return int(probe.get(field) or default)


def handler(body: Body) -> str:
    """What is called; empty: nothing that is known."""
    if "exec" in body:
        return "exec"
    if http := body.get("httpGet"):
        path = str(http.get("path") or "/").partition("?")[0]
        scheme = str(http.get("scheme") or "HTTP").lower()
        return f"{scheme} :{http.get('port')}{path}"
    if tcp := body.get("tcpSocket"):
        return f"tcp :{tcp.get('port')}"
    if grpc := body.get("grpc"):
        return f"grpc :{grpc.get('port')} {grpc.get('service') or ''}".rstrip()
    if pause := body.get("sleep"):
        return f"sleep {pause.get('seconds')}s"
    return ""
