"""Facts that belong together, for where there is no room for each of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stagingmirror.api.status.truncation import listed

# Groups that one sentence names.
IN_A_SENTENCE = 6

_Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """``name`` is that of its only fact, or a pattern that fits all of them, as an acceptance names
    facts: ``server.resources.*``.
    """

    name: str
    facts: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.name if len(self.facts) == 1 else f"{self.name} ({len(self.facts)})"


def groups(facts: Sequence[str], most: int) -> tuple[Group, ...]:
    """The facts by their first part, and the largest groups by further parts as long as there are
    at most ``most`` groups. In the order of the facts.
    """
    found = _by_parts(facts, 1)
    done: set[_Parts] = set()
    while wide := [key for key in found if len(found[key]) > 1 and key not in done]:
        key = max(wide, key=lambda each: len(found[each]))
        parts = _by_parts(found[key], _depth(key) + 1)
        if len(found) - 1 + len(parts) > most or list(parts) == [key]:
            done.add(key)
            continue
        del found[key]
        found |= parts
    place = {fact: index for index, fact in enumerate(facts)}
    ordered = sorted(found.items(), key=lambda item: place[item[1][0]])
    return tuple(Group(_named(key, some), tuple(some)) for key, some in ordered)


def in_groups(facts: Sequence[str]) -> str:
    """The facts in a sentence: ``server.resources.* (12), probes.* (2) and replicas``."""
    return listed([each.text for each in groups(facts, IN_A_SENTENCE)], IN_A_SENTENCE)


def _by_parts(facts: Iterable[str], depth: int) -> dict[_Parts, list[str]]:
    """By their first ``depth`` parts. A fact that has no more parts stands for itself."""
    found: dict[_Parts, list[str]] = {}
    for fact in facts:
        parts = fact.split(".")
        more = ("*",) if len(parts) > depth else ()
        found.setdefault((*parts[:depth], *more), []).append(fact)
    return found


def _depth(key: _Parts) -> int:
    return len(key) - (key[-1] == "*")


def _named(key: _Parts, facts: Sequence[str]) -> str:
    return facts[0] if len(facts) == 1 else ".".join(key)
