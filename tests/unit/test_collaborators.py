"""No class knows more than a reader can keep in mind, and no function is longer than a screen."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

import stagingmirror
from stagingmirror.cli.operator.wiring import Operator
from stagingmirror.runtime import Runtime

MOST = 7
LONGEST = 50


def classes() -> Iterator[type[Any]]:
    """All classes of the product."""
    for info in pkgutil.walk_packages(stagingmirror.__path__, "stagingmirror."):
        if info.name == "stagingmirror.__main__":
            continue
        module = importlib.import_module(info.name)
        for each in vars(module).values():
            if inspect.isclass(each) and each.__module__ == info.name:
                yield each


def parameters(cls: type[Any]) -> dict[str, Any]:
    """What the constructor takes: name and type."""
    if is_dataclass(cls):
        hints = get_type_hints(cls)
        return {each.name: hints[each.name] for each in fields(cls) if each.init}
    if "__init__" not in vars(cls) or issubclass(cls, BaseModel | Exception):
        return {}
    hints = get_type_hints(vars(cls)["__init__"])
    hints.pop("return", None)
    return hints


def is_collaborator(kind: Any, within: tuple[Any, ...] = ()) -> bool:
    """A callable, or an object of ours that does something: not one that only holds values.
    ``within``: the data classes that hold it; one may hold others of its own.
    """
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return any(is_collaborator(each, within) for each in get_args(kind))
    cls: type[Any] = origin or kind
    if cls in (Callable, Runtime):
        return True
    is_ours = inspect.isclass(cls) and cls.__module__.startswith("stagingmirror")
    if not is_ours or issubclass(cls, BaseModel | tuple | Enum):
        return False
    if is_dataclass(cls):
        held = parameters(cls).values() if cls not in within else ()
        return any(is_collaborator(each, (*within, cls)) for each in held)
    return True


def collaborators(cls: type[Any]) -> list[str]:
    return [name for name, kind in parameters(cls).items() if is_collaborator(kind)]


class Few:
    def __init__(self, one: Callable[[], None], two: Operator | None, three: str) -> None: ...


def test_values_do_not_count_and_callables_do() -> None:
    assert collaborators(Few) == ["one", "two"]


def test_no_class_has_more_collaborators_than_a_reader_can_keep_in_mind() -> None:
    found = {f"{cls.__module__}.{cls.__name__}": collaborators(cls) for cls in classes()}

    assert {name: them for name, them in found.items() if len(them) > MOST} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    found = {}
    for path in Path(stagingmirror.__path__[0]).rglob("*.py"):
        for each in ast.walk(ast.parse(path.read_text())):
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                assert each.end_lineno is not None
                found[f"{path.name}:{each.name}"] = each.end_lineno - each.lineno + 1

    assert {name: lines for name, lines in found.items() if lines > LONGEST} == {}
