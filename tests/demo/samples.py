"""What production's admin offers as samples: requests of users to its feature service."""

import json

CONFIG_MAP, KEY = "parity-samples", "samples.jsonl"
COUNT = 60
USER = 7
"""One of those in the samples."""
MARK = "session-of-a-user"
"""In each sample, so that it can be looked for where none may be."""


def line(user: int) -> str:
    return json.dumps({"user": user, "session": f"{MARK}-{user}"})


def lines() -> str:
    return "".join(f"{line(user)}\n" for user in range(1, COUNT + 1))
