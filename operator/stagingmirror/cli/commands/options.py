"""Options that every command shares, declared once: which cluster, which namespace.

Kept free of everything slow: ``--help`` imports this.
"""

import asyncio
import getpass
import inspect
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from stagingmirror.cli.read.where import OPERATOR_NAMESPACE, Where

Namespace = Annotated[
    str | None,
    typer.Option(
        "--namespace",
        "-n",
        metavar="NAMESPACE",
        show_default=False,
        help="Namespace of the mirrors. Default: that of the kubeconfig's context.",
    ),
]
Kubeconfig = Annotated[
    str | None,
    typer.Option(
        "--kubeconfig",
        metavar="PATH",
        show_default=False,
        help="The kubeconfig to use. Default: that of kubectl.",
    ),
]
InContext = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="NAME",
        show_default=False,
        help="Context of the kubeconfig. Default: its current one.",
    ),
]

OperatorNamespace = Annotated[
    str,
    typer.Option(
        "--operator-namespace",
        metavar="NAMESPACE",
        envvar="STAGINGMIRROR_NAMESPACE",
        help="Namespace that the operator runs in.",
    ),
]

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "namespace": (Namespace, None),
    "kubeconfig": (Kubeconfig, None),
    "context": (InContext, None),
    "operator_namespace": (OperatorNamespace, OPERATOR_NAMESPACE),
}
_EVERYWHERE: tuple[Any, Any] = (
    Annotated[bool, typer.Option("--all-namespaces", "-A", help="The mirrors of all namespaces.")],
    False,
)

# What kubectl takes and prints before the name of a mirror; a group may follow.
_OUR_TYPES = frozenset({"smir", "stagingmirror", "stagingmirrors"})

Command = Callable[..., Awaitable[int]]


def reaching(*, everywhere: bool = False) -> Callable[[Command], Callable[..., None]]:
    """Make a command out of a coroutine function ``(client, …) -> exit code``: it gets the
    shared options beside its own and a client; its errors become one line and exit code 1.
    """
    shared = _OPTIONS | ({"all_namespaces": _EVERYWHERE} if everywhere else {})

    def made(command: Command) -> Callable[..., None]:
        def run(**given: Any) -> None:
            where = {name: given.pop(name) for name in shared}
            if misused := _misused(where, given):
                fail(misused)
                raise typer.Exit(2)
            raise typer.Exit(asyncio.run(_run_command(command, where, given)))

        _, *own = inspect.signature(command).parameters.values()
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters = [each.replace(kind=keyword) for each in own] + [
            inspect.Parameter(name, keyword, default=default, annotation=hint)
            for name, (hint, default) in shared.items()
        ]
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # typer reads it
            parameters, return_annotation=None
        )
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        run.__doc__ = command.__doc__
        run.__name__ = command.__name__
        return run

    return made


def _misused(where: dict[str, Any], given: dict[str, Any]) -> str | None:
    """Options that contradict each other; checked before the cluster is contacted."""
    names = given.get("names") or ()
    if names and where.get("all_namespaces"):
        return f"{names[0]} and --all-namespaces: name mirrors, or request all"
    if names and given.get("everything"):
        return f"{names[0]} and --all: name mirrors, or request all"
    return None


async def _run_command(command: Command, where: dict[str, Any], given: dict[str, Any]) -> int:
    from stagingmirror.cli.read.client import connected
    from stagingmirror.errors import StagingMirrorError

    try:
        async with connected(Where(**where)) as client:
            return await command(client, **given)
    except StagingMirrorError as error:
        fail(error.message)
        return 1


def ended(command: Awaitable[int]) -> None:
    """Run a command that connects by itself: its errors become one line and exit code 1."""
    from stagingmirror.errors import StagingMirrorError

    async def run() -> int:
        try:
            return await command
        except StagingMirrorError as error:
            fail(error.message)
            return 1

    raise typer.Exit(asyncio.run(run()))


def mirror_name(given: str) -> str:
    """``name`` or ``namespace/name``; of ``smir/name``, as kubectl prints it, the name."""
    head, slash, name = given.rpartition("/")
    return name if slash and head.lower().partition(".")[0] in _OUR_TYPES else given


def fail(message: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"error: {_harmless(message)}\n")


def show(lines: Any) -> None:
    """Lines (rich texts, or one text) on standard output; on a terminal in colour, and no wider
    than it. Control characters in values are replaced: none reaches the terminal.
    """
    from rich.console import Console
    from rich.text import Text

    from stagingmirror.cli.screens.text import folded

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    given = [lines] if isinstance(lines, str) else lines
    texts = [line if isinstance(line, Text) else Text(line) for line in given]
    for line in folded(texts, console.width) if console.is_terminal else texts:
        text = line.copy()
        text.plain = _harmless(text.plain)  # of the same length: styles stay in place
        console.print(text)


def document(text: str) -> None:
    """What a program or a clipboard takes up, on standard output: its lines are never wrapped."""
    sys.stdout.write(f"{_harmless(text)}\n")


def _harmless(text: str) -> str:
    """Nothing that a terminal obeys, newline and tab excepted, or that turns the direction of what
    surrounds it.
    """
    from stagingmirror.drift.legible import is_hidden

    return "".join("\ufffd" if is_hidden(e) and e not in "\n\t" else e for e in text)


def user() -> str:
    """The local user's name, as a part of a Kubernetes name."""
    try:
        raw = getpass.getuser().lower()
    except (OSError, KeyError, ImportError):  # a container whose user has no name
        raw = "someone"
    cleaned = "".join(each if each.isascii() and each.isalnum() else "-" for each in raw)
    return cleaned[:20].strip("-") or "someone"
