"""Steps as JSON, for the record: whatever a step of this package writes can be read back."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from inspect import isabstract
from pkgutil import walk_packages
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, TypeAdapter

from stagingmirror import actions
from stagingmirror.actions.step import ExecutableStep

TYPE = "step"


@cache
def step_types() -> Mapping[str, type[ExecutableStep]]:
    """Every concrete step by its name: those that the modules of ``actions`` define."""
    modules = [
        import_module(each.name) for each in walk_packages(actions.__path__, f"{actions.__name__}.")
    ]
    found = (each for module in modules for each in vars(module).values())
    return {
        each.__name__: each
        for each in found
        if isinstance(each, type) and issubclass(each, ExecutableStep) and not isabstract(each)
    }


def step_to_json(step: ExecutableStep) -> dict[str, Any]:
    """``step_from_json`` returns an equal step."""
    return {
        TYPE: type(step).__name__,
        **_adapter(type(step).__name__).dump_python(step, mode="json"),
    }


def step_from_json(written: Mapping[str, Any]) -> ExecutableStep:
    """Raises ValueError: written by another version of the operator, or damaged."""
    name = written.get(TYPE) if isinstance(written, Mapping) else None
    if not isinstance(name, str) or name not in step_types():
        raise ValueError(f"the step {str(name)[:64]} is not known")
    return _adapter(name).validate_python(written)


StoredStep = Annotated[
    ExecutableStep, PlainSerializer(step_to_json), PlainValidator(step_from_json)
]


@cache
def _adapter(name: str) -> TypeAdapter[ExecutableStep]:
    return TypeAdapter(step_types()[name])
