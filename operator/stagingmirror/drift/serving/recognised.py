"""Which server a program is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from stagingmirror.drift.serving.flags import Server, Table
from stagingmirror.drift.serving.program import name_of
from stagingmirror.drift.serving.servers import (
    gunicorn,
    huggingface,
    tfserving,
    triton,
    uvicorn,
    vllm,
)

# ``vllm serve MODEL``; the module that it was before takes no model but ``--model``.
_VLLM_SERVE: Final = replace(vllm.TABLE, positional=("model",))
_PROGRAMS: Final[Mapping[str, Table]] = {
    "tritonserver": triton.TABLE,
    "tensorflow_model_server": tfserving.TABLE,
    "uvicorn": uvicorn.TABLE,
    "gunicorn": gunicorn.TABLE,
}
_MODULES: Final[Mapping[str, Table]] = {
    "vllm.entrypoints.openai.api_server": vllm.TABLE,
    "vllm.entrypoints.api_server": vllm.TABLE,
    "huggingfaceserver": huggingface.TABLE,
    "uvicorn": uvicorn.TABLE,
    "gunicorn": gunicorn.TABLE,
    "gunicorn.app.wsgiapp": gunicorn.TABLE,
}
_PYTHON = re.compile(r"python(?:\d(?:\.\d{1,2})?)?", re.ASCII)
# Options of Python that take no value.
_PYTHON_OPTIONS = re.compile(r"-[bBdEiIOqsSuvx]{1,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Invocation:
    """A server with the words that it is given."""

    table: Table
    words: Sequence[str]

    @property
    def server(self) -> Server:
        return self.table.server


def recognised(words: Sequence[str]) -> Invocation | None:
    """None: no server that is known."""
    if words and _PYTHON.fullmatch(name_of(words[0])):
        return _of_python(words)
    return _of_program(words)


def _of_program(words: Sequence[str]) -> Invocation | None:
    name = name_of(words[0]) if words else ""
    if name == "vllm" and words[1:2] == ("serve",):
        return Invocation(_VLLM_SERVE, words[2:])
    table = _PROGRAMS.get(name)
    return None if table is None else Invocation(table, words[1:])


def _of_python(words: Sequence[str]) -> Invocation | None:
    at = 1
    while at < len(words) and _PYTHON_OPTIONS.fullmatch(words[at][:10]):
        at += 1
    if words[at : at + 1] != ("-m",):
        return _of_program(words[at:])
    module = words[at + 1] if at + 1 < len(words) else ""
    if module == "vllm.entrypoints.cli.main":
        return _of_program(("vllm", *words[at + 2 :]))
    table = _MODULES.get(module)
    return None if table is None else Invocation(table, words[at + 2 :])
