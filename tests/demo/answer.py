"""What a command printed, and how it ended."""

import subprocess
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Answer:
    """``text``: standard output, then standard error."""

    code: int
    text: str

    @classmethod
    def of(cls, done: "subprocess.CompletedProcess[str]") -> Self:
        return cls(done.returncode, done.stdout + done.stderr)
