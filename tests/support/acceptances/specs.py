"""Acceptances, of a mirror and of an environment, that must be taken or refused."""

from typing import Any

from support.resources.resources import Object, environment, mirror, setting

TIME = "write a time in RFC 3339 with its zone"
WORDS = "write words that somebody can read later"
ONE_FACT = "production and staging are values of one fact; name it without *, or remove them"


def accepting(**accept: Any) -> Object:
    one = {"component": "training-data", "fact": "value", "reason": "masked in staging"}
    return mirror(accept=[one | accept])


def everywhere(*accept: Object, role: str = "Staging", **more: Any) -> Object:
    """A staging environment that accepts a fact of each modelAlias."""
    one = {"kind": "modelAlias", "fact": "parameters.*", "reason": "smaller training runs"}
    return environment(role.lower(), role, accept=list(accept) or [one | more])


RIGHT: dict[str, Object] = {
    "128 acceptances": mirror(
        accept=[
            {"component": "training-data", "fact": f"f{i}", "reason": "known"} for i in range(128)
        ]
    ),
    "one fact of two components accepted": mirror(
        track=[setting("a"), setting("b")],
        accept=[{"component": c, "fact": "value", "reason": "known"} for c in "ab"],
    ),
    "an acceptance with values and end": accepting(
        production="a", staging="b", until="2099-01-31T00:00:00+01:00"
    ),
    "a pattern that is accepted until its end": accepting(fact="*", until="2099-01-31T00:00:00Z"),
    "an environment that accepts": everywhere(until="2099-01-31T00:00:00Z"),
    "an environment that accepts 128 facts, and one fact of two kinds": everywhere(
        *(
            {"kind": kind, "fact": "f" * 765 + f"{n:03}", "reason": "r" * 512}
            for kind in ("setting", "modelFiles")
            for n in range(64)
        )
    ),
}

WRONG: dict[str, tuple[Object, str]] = {
    "129 acceptances": (
        mirror(
            accept=[
                {"component": "training-data", "fact": f"f{i}", "reason": "r"} for i in range(129)
            ]
        ),
        "spec.accept",
    ),
    "an acceptance of something untracked": (
        accepting(component="model"),
        "accept names a component that is not in track",
    ),
    "an acceptance without reason": (
        mirror(accept=[{"component": "training-data", "fact": "value"}]),
        "reason",
    ),
    "an acceptance with an empty reason": (accepting(reason=""), "reason"),
    "an acceptance until a date": (accepting(until="2027-01-31"), TIME),
    "an acceptance until a day that is not": (accepting(until="2027-02-31T00:00:00Z"), "until"),
    "an acceptance until a time before all clocks": (
        accepting(until="1969-12-31T23:59:59.5Z"),
        TIME,
    ),
    "a value of production of several facts": (accepting(fact="v*", production="1"), ONE_FACT),
    "a value of staging of several facts": (accepting(fact="*", staging="1"), ONE_FACT),
    "a production environment that accepts": (
        everywhere(role="Production"),
        "accept is for role Staging only",
    ),
    "an environment that accepts without reason": (
        everywhere({"kind": "setting", "fact": "value"}),
        "reason",
    ),
    "an environment that accepts until a date": (everywhere(until="2027-01-31"), TIME),
    "an environment that accepts no fact": (everywhere(fact=""), "fact"),
    "an environment that accepts 129 facts": (
        everywhere(*({"kind": "setting", "fact": f"f{n}", "reason": "r"} for n in range(129))),
        "spec.accept",
    ),
}

# Refused by the API server alone, as those of ``specs_wrong``.
REFUSED: dict[str, tuple[Object, str]] = {
    "an acceptance with a blank reason": (
        mirror(accept=[{"component": "training-data", "fact": "value", "reason": "  "}]),
        "write words that somebody can read later",
    ),
    "one difference accepted twice": (
        mirror(accept=[{"component": "training-data", "fact": "v", "reason": "r"}] * 2),
        "Duplicate value",
    ),
    "an environment that accepts values": (everywhere(staging="1"), "spec.accept[0].staging"),
    "a kind that is accepted and does not exist": (everywhere(kind="cache"), "modelAlias"),
    "an environment that accepts with a blank reason": (everywhere(reason=" …"), WORDS),
    "one fact of a kind accepted twice": (
        everywhere(*({"kind": "setting", "fact": "v", "reason": "r"} for _ in range(2))),
        "Duplicate value",
    ),
}
