"""A container's variables as its program gets them. Only what is read is expanded: whoever may
create a workload in a listed namespace writes the texts.
"""

from collections.abc import Iterator, Mapping
from sys import intern
from typing import Any, NamedTuple, TypeAlias

from stagingmirror.drift.expansion import MAX_TEXT, Given, NotExpanded, TooLong, expanded
from stagingmirror.sources.kubernetes.subjects import Variable, VariableSource

_ORIGINS: tuple[VariableSource, ...] = ("configMapKeyRef", "secretKeyRef", "fieldRef")


class Declared(NamedTuple):
    """An entry of ``env``. ``text`` is None where it comes from elsewhere, or is too long."""

    name: str
    text: str | None
    source: VariableSource


Environment: TypeAlias = tuple[Declared, ...]


def declared(env: Any) -> Environment:
    return tuple(_declared(one) for one in env)


class Variables(Mapping[str, Variable]):
    """By name. Where a name stands twice, the last one counts; the first is what ``$(NAME)`` means
    between them.
    """

    __slots__ = ("_environment", "_known", "_last")

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._last = {one.name: index for index, one in enumerate(environment)}
        self._known: dict[str, Variable] = {}

    def __getitem__(self, name: str) -> Variable:
        if name not in self._known:
            self._known[name] = self._variable(self._last[name])
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Variables):
            return self._environment == other._environment
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def _variable(self, index: int) -> Variable:
        one = self._environment[index]
        if one.text is None or "$" not in one.text:
            return Variable(one.text, one.source)
        given = [Given(each.name, each.text) for each in self._environment[: index + 1]]
        try:
            value = expanded(given, index)
        except NotExpanded:
            return Variable(None, "reference")
        except TooLong:
            return Variable(None, "tooLong")
        return Variable(value.text, "value", value.made_from)


def _declared(one: Mapping[str, Any]) -> Declared:
    name, origin = intern(one["name"]), one.get("valueFrom")
    if origin:
        return Declared(
            name, None, next((source for source in _ORIGINS if source in origin), "other")
        )
    text = str(one.get("value") or "")
    return (
        Declared(name, None, "tooLong") if len(text) > MAX_TEXT else Declared(name, text, "value")
    )
