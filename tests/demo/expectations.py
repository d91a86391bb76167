"""What a status or a screen holds of what the story expects."""

from collections.abc import Callable
from typing import Any

PHASES = ("prepare", "switch")


def sync(wanted: str) -> Callable[[dict[str, Any]], bool]:
    return lambda status: status.get("sync") == wanted


def unknown(status: dict[str, Any]) -> int:
    return sum(each["verdict"] == "Unknown" for each in status.get("components", []))


def seen(status: dict[str, Any]) -> bool:
    return unknown(status) == 0


def differs(component: str, fact: str) -> Callable[[dict[str, Any]], bool]:
    def differs(status: dict[str, Any]) -> bool:
        found = (each for each in status.get("components", []) if each["name"] == component)
        return any(
            difference["fact"] == fact
            for each in found
            if each["verdict"] == "Drifted"
            for difference in each["differences"]
        )

    return differs


def condition(status: dict[str, Any], name: str) -> str | None:
    conditions = status.get("conditions", [])
    return next((each["status"] for each in conditions if each["type"] == name), None)


def steps(output: str, state: str = "") -> list[str]:
    """The steps in this state, as a screen shows them."""
    rows = (" ".join(line.split()) for line in output.splitlines())
    return [row for row in rows if row.startswith(PHASES) and f" {state}" in row]


def digest_of(image: str) -> str:
    return image.rpartition("@")[2]
