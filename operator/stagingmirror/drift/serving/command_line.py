"""The flags with which one container runs a model server, as named facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Server = Literal["vllm", "triton", "tfserving", "huggingface", "uvicorn", "gunicorn"]
# In ``unreadable``: which flags there are is not known, so neither given nor left out proves
# anything.
ALL = "arguments"


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What one container runs, as its pod says.

    ``image`` is the reference as it is written in the pod; its tag may give the version.
    ``command`` is () where the pod omits it: the image's own entrypoint. ``variables`` are those
    of the container, expanded; None: it is set, and its value is not readable (from a Secret, a
    field, or not offered). One that is not in it may be set by the image. ``files``: the text of
    files, by the path at which a ConfigMap is mounted.
    """

    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    variables: Mapping[str, str | None]
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServerFlags:
    """What is known of a server's flags.

    ``server``: None where it is not recognised. ``facts``: known flags with canonical values, by
    the name of the flag without its dashes (``max-model-len``), the server's constant defaults
    included where its version is known. ``arguments``: flags that no table knows, or that may hold
    a credential, by their name with dashes; never shown unless offered. ``script``: the text, as
    written, of a script that cannot be parsed; compared only if offered. ``notes``: sentences for
    people, which hold no value of ``arguments``.

    ``unreadable``: names as in ``facts`` or ``arguments`` whose value comes from what is not
    readable. They are in neither mapping, so that two of them are never equal: nothing may be
    claimed of such a name, whatever the other side has. ``ALL`` in it: no name may be claimed
    equal, and ``facts`` and ``arguments`` are empty.
    """

    server: Server | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    script: str | None = None
    notes: tuple[str, ...] = ()
    unreadable: frozenset[str] = frozenset()


def server_flags(line: CommandLine) -> ServerFlags:
    """The flags of the server that this container runs. Raises nothing, whatever it is given."""
    return ServerFlags(
        notes=("its command line is not read",),
        unreadable=frozenset({ALL}) if line.command or line.args else frozenset(),
    )
