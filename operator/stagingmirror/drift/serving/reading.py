"""What a server gets besides its command line: variables and configuration files."""

import hashlib
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from stagingmirror.drift.legible import in_line, shortened
from stagingmirror.drift.serving import files as configuration
from stagingmirror.drift.serving.flags import Server, Table
from stagingmirror.drift.serving.parser import Parsed, parse
from stagingmirror.drift.serving.recognised import Invocation
from stagingmirror.drift.serving.servers import gunicorn, tfserving, uvicorn, vllm
from stagingmirror.drift.serving.values import holds_credential
from stagingmirror.drift.serving.words import UNREADABLE, Variables

# Characters of a path in a note.
_LONGEST_PATH = 200
_TEMPLATE: Final = "chat-template.sha256"


@dataclass(slots=True)
class Reading:
    """``is_whole``: everything that may give any flag was read; ``not_read``: facts that a file
    may give which was not. ``script``: the text of a configuration file that is a program.
    """

    given: Parsed
    variables: Variables
    files: Mapping[str, str]
    notes: list[str] = field(default_factory=list)
    is_whole: bool = True
    not_read: set[str] = field(default_factory=set)
    script: str | None = None

    def note(self, text: str, path: str) -> None:
        shown = in_line(path.replace(UNREADABLE, "…"))
        self.notes.append(text.format(path=shortened(shown, _LONGEST_PATH)))

    def miss(self, what: str, path: str) -> None:
        self.note(f"its {what} {{path}} is not read.", path)


def reading(invocation: Invocation, variables: Variables, files: Mapping[str, str]) -> Reading:
    """Everything that this server is given. The command line overrules all else."""
    given = parse(invocation.table, invocation.words)
    found = Reading(given, variables, files)
    for read in _READERS[invocation.server]:
        read(found, invocation.table)
    return found


def given_by_variables(table: Table) -> frozenset[str]:
    """The facts that variables of the container may give, beside its command line."""
    match table.server:
        case "uvicorn" | "gunicorn":
            return table.facts
        case "vllm" | "huggingface":
            return vllm.VARIABLES
        case _:
            return frozenset()


def _words(table: Table, values: Mapping[str, str | None]) -> Parsed:
    """Values of flags that are given elsewhere, by their name without dashes."""
    given = (UNREADABLE if value is None else value for value in values.values())
    words = [f"--{name}={value}" for name, value in zip(values, given, strict=True)]
    return parse(table, words)


def _vllm_configuration(found: Reading, table: Table) -> None:
    if "config" not in found.given.facts:
        return
    found.is_whole = False
    path = found.given.facts["config"]
    if path is None or path not in found.files:
        found.miss("configuration file", path or UNREADABLE)
        return
    try:
        words = configuration.words_of_yaml(found.files[path])
    except configuration.NotRead:
        found.note("its configuration file {path} is not read: it is no simple YAML.", path)
        return
    found.is_whole = True
    found.given = found.given.over(parse(table, words))
    del found.given.facts["config"]
    found.not_read.add("config")  # the other side may show its name, where it is not read


def _vllm_template(found: Reading, _: Table) -> None:
    path = found.given.facts.get("chat-template", "")
    if path is not None and not path.startswith("/"):
        return
    if path is None or path not in found.files:
        found.not_read.add(_TEMPLATE)
        found.miss("chat template", path or UNREADABLE)
        return
    digest = hashlib.sha256(found.files[path].encode(errors="surrogatepass")).hexdigest()
    found.given.facts[_TEMPLATE] = digest


def _vllm_variables(found: Reading, _: Table) -> None:
    for name, value in found.variables.items():
        if name in vllm.VARIABLES:
            found.given.facts[name] = value
        elif name in vllm.PRIVATE_VARIABLES:
            found.given.arguments.setdefault(vllm.PRIVATE_VARIABLES[name], value)


def _uvicorn_variables(found: Reading, table: Table) -> None:
    weak = {flag: found.variables.get(name, "") for name, flag in uvicorn.VARIABLES.items()}
    strong = {
        flag.fact: found.variables.get(uvicorn.PREFIX + flag.fact.upper().replace("-", "_"), "")
        for flag in table.flags.values()
    }
    # click takes an empty variable for none.
    values = {name: value for name, value in {**weak, **_filled(strong)}.items() if value != ""}
    found.given = found.given.over(_words(table, values))
    app = found.variables.get(f"{uvicorn.PREFIX}APP", "")
    if app != "":
        found.given.facts.setdefault("app", app)
    if path := found.given.facts.get("env-file"):
        found.not_read |= set(uvicorn.VARIABLES.values())
        found.note("its file of variables {path} is not read: it may hold credentials.", path)


def _filled(values: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name: value for name, value in values.items() if value != ""}


def _gunicorn_variables(found: Reading, table: Table) -> None:
    arguments = found.variables.get(gunicorn.ARGUMENTS_VARIABLE, "")
    if arguments is None:
        found.given.is_certain = False
    elif arguments:
        found.given = found.given.over(_gunicorn_arguments(arguments, table))
    weak = {
        setting: None if (value := found.variables[name]) is None else form.format(value)
        for name, (setting, form) in gunicorn.VARIABLES.items()
        if name in found.variables
    }
    found.given = found.given.over(_words(table, weak))


def _gunicorn_arguments(text: str, table: Table) -> Parsed:
    try:
        words = shlex.split(text)
    except ValueError:
        return Parsed(is_certain=False)
    given = parse(table, words)
    given.facts.pop("app", None)
    return given


def _gunicorn_configuration(found: Reading, _: Table) -> None:
    if "config" in found.given.facts:
        path = (found.given.facts["config"] or UNREADABLE).removeprefix("file:")
    else:
        path = next((each for each in found.files if each.endswith("/gunicorn.conf.py")), "")
    if not path:
        found.notes.append(
            "gunicorn.conf.py of its working directory is not read, if there is one."
        )
        return
    found.is_whole = False
    if path not in found.files:
        found.miss("configuration file", path)
        return
    found.script = found.files[path]
    found.note(
        "its configuration file {path} is a program, which is not executed: its text is compared "
        "as a script.",
        path,
    )


def _tensorflow_files(found: Reading, _: Table) -> None:
    for name in tfserving.CONFIGURATION_FILES:
        if name in found.given.facts:
            found.not_read.add(f"{name}.")
            _tensorflow_file(found, name, found.given.facts[name] or UNREADABLE)
    for name in tfserving.PRIVATE_FILES:
        if path := found.given.facts.get(name):
            found.note("its file {path} is not read: it may hold keys.", path)


def _tensorflow_file(found: Reading, name: str, path: str) -> None:
    if path not in found.files:
        found.miss("configuration file", path)
        return
    try:
        fields = configuration.fields_of_protobuf(found.files[path])
    except configuration.NotRead:
        found.note("its configuration file {path} is not read: no text of a message.", path)
        return
    found.not_read.discard(f"{name}.")
    shown = {key: value for key, value in fields.items() if not holds_credential(f"{key}={value}")}
    found.given.facts |= {f"{name}.{key}": value for key, value in shown.items()}
    hidden = fields.keys() - shown.keys()
    found.given.arguments |= {f"--{name}.{key}": fields[key] for key in sorted(hidden)}


def _triton_models(found: Reading, _: Table) -> None:
    found.notes.append("config.pbtxt of its models is not read: it is in the model repository.")


_Reader = Callable[[Reading, Table], None]
_READERS: Final[Mapping[Server, Sequence[_Reader]]] = {
    "vllm": (_vllm_configuration, _vllm_template, _vllm_variables),
    "huggingface": (_vllm_template, _vllm_variables),
    "uvicorn": (_uvicorn_variables,),
    "gunicorn": (_gunicorn_variables, _gunicorn_configuration),
    "tfserving": (_tensorflow_files,),
    "triton": (_triton_models,),
}
