"""Configuration files that a server reads, as far as a ConfigMap mounts them."""

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from stagingmirror.drift.serving import values

# Characters of a file that is read.
_MOST = 16 * 1024
_DEEPEST = 16
_SafeLoader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_FIELDS = 2_000
# Characters of the name of a message, which is part of the path of everything in it.
_LONGEST_NAME = 128
_SPACE: Final = re.compile(r"(?:\s+|#[^\n]*|[,;])+")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,127}|\[[^\]\n]{1,127}\]", re.ASCII)
_SCALAR: Final = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[A-Za-z0-9_.+-]+", re.ASCII
)


class NotRead(ValueError):
    """The file is too long, too deep, or not of this form."""


def words_of_yaml(text: str) -> tuple[str, ...]:
    """vLLM's ``--config``: each key is a flag. A switch that is off is not given, as vLLM has it
    where the flag has no opposite, and ``--no-…`` otherwise; both mean that it is off.

    Raises NotRead.
    """
    found = _mapping(text)
    try:
        return tuple(word for key, value in found.items() for word in _words(str(key), value))
    except ValueError:  # a number of more digits than Python writes
        raise NotRead from None


def _words(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        yield f"--{key}" if value else f"--no-{key}"
        return
    yield f"--{key}"
    if isinstance(value, list):
        yield from map(str, value)
    elif isinstance(value, dict):
        yield values.as_json_or_none(value) or ""
    else:
        yield str(value)


def _mapping(text: str) -> dict[Any, Any]:
    if len(text) > _MOST:
        raise NotRead
    try:
        _refuse_what_grows(text)
        # Bounded in depth, so that libyaml's stack suffices.
        value = yaml.load(text, Loader=_SafeLoader)  # noqa: S506 - a safe loader, both of them
    except (yaml.YAMLError, RecursionError, ValueError, TypeError):
        raise NotRead from None
    if not isinstance(value, dict):
        raise NotRead
    return value


def _refuse_what_grows(text: str) -> None:
    """References let a small text stand for a large one."""
    depth = 0
    for event in yaml.parse(text, Loader=_SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
            raise NotRead


def fields_of_protobuf(text: str) -> dict[str, str]:
    """Every scalar of a message in protobuf's text format, by its path. A message that has a
    ``name`` is known by it, others of one name by their number.

    https://protobuf.dev/reference/protobuf/textformat-spec/. Raises NotRead.
    """
    if len(text) > _MOST:
        raise NotRead
    return dict(_flat("", _Message(text).fields))


class _Message:
    """One pass over the text. Inner messages are lists of fields, in the order of the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._count = 0
        self.fields: list[tuple[str, Any]] = []
        self._read()

    def _read(self) -> None:
        stack = [self.fields]
        self._skip()
        while self._at < len(self._text):
            self._count += 1
            if self._text[self._at] in "}>":
                stack.pop()
                self._at += 1
            else:
                self._field(stack)
            if not stack or len(stack) > _DEEPEST or self._count > _MOST_FIELDS:
                raise NotRead
            self._skip()
        if len(stack) != 1:
            raise NotRead

    def _field(self, stack: list[list[tuple[str, Any]]]) -> None:
        name = self._match(_NAME)
        self._skip()
        has_colon = self._text.startswith(":", self._at)
        self._at += has_colon
        self._skip()
        if self._text.startswith(("{", "<"), self._at):
            self._at += 1
            inner: list[tuple[str, Any]] = []
            stack[-1].append((name, inner))
            stack.append(inner)
        elif has_colon:
            stack[-1].append((name, self._match(_SCALAR)))
        else:
            raise NotRead

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise NotRead
        self._at = found.end()
        return found.group()

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at


def _flat(path: str, fields: list[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    count: dict[str, int] = {}
    for name, _ in fields:
        count[name] = count.get(name, 0) + 1
    seen: dict[str, int] = {}
    for name, value in fields:
        seen[name] = seen.get(name, 0) + 1
        here = path + name
        if isinstance(value, list):
            named = next((inner for key, inner in value if key == "name"), None)
            if isinstance(named, str) and len(named) <= _LONGEST_NAME:
                here += f"[{named.strip(chr(34) + chr(39))}]"
            elif count[name] > 1:
                here += f"[{seen[name]}]"
            yield from _flat(f"{here}.", value)
        else:
            suffix = f"[{seen[name]}]" if count[name] > 1 else ""
            yield f"{here}{suffix}".removesuffix(".value"), _scalar(value)


def _scalar(value: str) -> str:
    if value[0] in "\"'":
        return value[1:-1]
    return value if value in ("true", "false") else values.number(values.integer(value))
