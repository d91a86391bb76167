"""What a container gets of a variable's text: Kubernetes expands ``$(NAME)``, and ``$$`` is ``$``.

``NAME`` is a variable that stands before it in the same container, else one of those that the
kubelet makes of the namespace's Services. What is neither stays as it is written.
"""

import re
from collections.abc import Mapping

# As Kubernetes reads it: a ``$`` before anything else stands for itself, with what follows.
_OPERATOR = re.compile(r"\$(?:\$|\([^)]*\)|.)", re.DOTALL)


def expanded(text: str, known: Mapping[str, str | None]) -> str | None:
    """The text as it arrives. None: it depends on a variable that is not ``known``, or that is
    known with no value.
    """
    parts: list[str] = []
    at = 0
    for found in _OPERATOR.finditer(text):
        part = _replaced(found.group(), known)
        if part is None:
            return None
        parts += [text[at : found.start()], part]
        at = found.end()
    return "".join([*parts, text[at:]])


def stays(text: str) -> bool:
    """Whether a variable that is given this text has this text."""
    return expanded(text, {}) == text


def _replaced(operator: str, known: Mapping[str, str | None]) -> str | None:
    if operator == "$$":
        return "$"
    if operator.endswith(")") and operator.startswith("$("):
        return known.get(operator[2:-1])
    return operator
