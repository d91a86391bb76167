"""The commands and their options. What they do is in the modules beside this one, imported only
when a command runs: ``--help`` is fast.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from stagingmirror.cli.commands.options import (
    InContext,
    Kubeconfig,
    Namespace,
    fail,
    mirror_name,
    reaching,
    show,
)

if TYPE_CHECKING:
    from stagingmirror.cli.read.client import MirrorClient

app = typer.Typer(
    help="Is staging in sync with production, and if not, where exactly?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


# Commands that do not connect to a cluster, so the options of a connection are refused.
OFFLINE_COMMANDS = frozenset({"run", "crds"})


def _mirrors(help_: str) -> Any:
    return typer.Argument(metavar="MIRROR", show_default=False, parser=mirror_name, help=help_)


def _patience(help_: str) -> Any:
    return typer.Option("--timeout", metavar="DURATION", show_default=False, help=help_)


Names = Annotated[
    list[str] | None,
    _mirrors("Names, also NAMESPACE/NAME or smir/NAME. Default: all of the namespace."),
]
Held = Annotated[
    list[str] | None, _mirrors("Names of mirrors. Default: every mirror of the namespace.")
]
Name = Annotated[str, _mirrors("Its name, also NAMESPACE/NAME or smir/NAME.")]
As = Annotated[
    Literal["text", "json"],
    typer.Option("--output", "-o", help="The form of the output; json has every value whole."),
]
Called = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        show_default=False,
        help="Name of the MirrorHold. Default: the first mirror's name, and yours.",
    ),
]


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        from importlib.metadata import version

        show(f"stagingmirror {version('stagingmirror')}")
        raise typer.Exit


@app.callback()
def stagingmirror(
    invoked: typer.Context,
    *,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: InContext = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options stand before the command or after it, as with kubectl. Those after it count."""
    options = {"namespace": namespace, "kubeconfig": kubeconfig, "context": context}
    given = {name: value for name, value in options.items() if value is not None}
    command = invoked.invoked_subcommand or ""
    if given and command in OFFLINE_COMMANDS:
        fail(f"--{next(iter(given))} before {command}: see stagingmirror {command} --help")
        raise typer.Exit(2)
    invoked.default_map = {command: given}


@app.command()
@reaching(everywhere=True)
async def status(
    client: "MirrorClient",
    *,
    names: Names = None,
    output: As = "text",
) -> int:
    """What is in sync and what is not."""
    from stagingmirror.cli.commands import show

    return await show.status(client, names or [], as_json=output == "json")


@app.command()
@reaching()
async def diff(
    client: "MirrorClient",
    *,
    name: Name,
    components: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="COMPONENT",
            show_default=False,
            help="Names of its components. Default: all that are not in sync.",
        ),
    ] = None,
    output: As = "text",
) -> int:
    """Every fact in which staging differs from production."""
    from stagingmirror.cli.commands import show

    return await show.diff(client, name, components or [], as_json=output == "json")


@app.command()
@reaching(everywhere=True)
async def check(
    client: "MirrorClient",
    *,
    names: Names = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All mirrors of the namespace, as with no name.")
    ] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Have everything observed again first, and wait for that.")
    ] = False,
    read_bytes: Annotated[
        bool, typer.Option("--bytes", help="As --now, and read all bytes of models again.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            show_default=False,
            help="In sync without a gap since then: 14:02 (local time), 30m (ago) or RFC 3339. "
            "Default: in sync now is enough.",
        ),
    ] = None,
    excepted: Annotated[
        list[str] | None,
        typer.Option(
            "--except",
            metavar="COMPONENT",
            show_default=False,
            help="Leave this component out; may be repeated. Default: every component counts.",
        ),
    ] = None,
    output: Annotated[
        Literal["text", "json", "junit"],
        typer.Option(
            "--output",
            "-o",
            help="The form of the output; junit has a suite per mirror, and a case per component.",
        ),
    ] = "text",
    within: Annotated[
        str | None,
        _patience("How long to wait for --now and --bytes. Default: 60s, with --bytes 30m."),
    ] = None,
) -> int:
    """Gate a pipeline. Exit code 0: in sync; 3: drifted or held; 4: unknown; 1 and 2: errors."""
    from stagingmirror.cli.commands import check

    request = check.CheckRequest(
        names=tuple(names or ()) if not everything else (),
        now=now or read_bytes,
        read_bytes=read_bytes,
        since=since,
        excepted=frozenset(excepted or ()),
        within=within,
    )
    return await check.check(client, request, output)


@app.command()
@reaching()
async def plan(client: "MirrorClient", *, name: Name, output: As = "text") -> int:
    """What a refresh would do now."""
    from stagingmirror.cli.commands import show

    return await show.plan(client, name, as_json=output == "json")


@app.command()
@reaching()
async def history(client: "MirrorClient", *, name: Name, output: As = "text") -> int:
    """The last refreshes and deploys."""
    from stagingmirror.cli.commands import show

    return await show.history(client, name, as_json=output == "json")


@app.command()
@reaching()
async def refresh(
    client: "MirrorClient",
    *,
    name: Name,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow it to its end. Exit code 0: verified.")
    ] = False,
    within: Annotated[str | None, _patience("How long --wait waits. Default: 3h.")] = None,
) -> int:
    """Make staging like production now, not at the next tick."""
    from stagingmirror.cli.commands import refresh

    return await refresh.refresh(client, name, wait=wait, within=within)


@app.command()
@reaching()
async def hold(
    client: "MirrorClient",
    *,
    names: Held = None,
    length: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="DURATION",
            show_default=False,
            help="How long it lasts, e.g. 2h. Required.",
        ),
    ] = "",
    reason: Annotated[
        str,
        typer.Option(
            metavar="TEXT", show_default=False, help="Why, for whoever meets the hold. Required."
        ),
    ] = "",
    components: Annotated[
        list[str] | None,
        typer.Option(
            "--component",
            metavar="COMPONENT",
            show_default=False,
            help="Hold this component, which is under test; may be repeated. "
            "Default: the whole mirror.",
        ),
    ] = None,
    called: Called = None,
    within: Annotated[
        str | None, _patience("How long to wait until it is in effect. Default: 2h.")
    ] = None,
) -> int:
    """Keep staging from being refreshed for a while, and wait until the hold is in effect."""
    from stagingmirror.cli.commands import hold

    request = hold.HoldRequest(tuple(names or ()), length, reason, tuple(components or ()), called)
    return await hold.hold(client, request, within)


@app.command()
@reaching()
async def release(
    client: "MirrorClient",
    *,
    names: Held = None,
    called: Called = None,
    within: Annotated[
        str | None, _patience("How long to wait for a check without it. Default: 60s.")
    ] = None,
) -> int:
    """End a hold, and wait until staging is mirrored again."""
    from stagingmirror.cli.commands import hold

    return await hold.release(client, tuple(names or ()), called, within)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def run(context: typer.Context) -> None:
    """The operator itself. Its options: stagingmirror run --help."""
    # Imported late: the other commands start without loading the operator.
    from stagingmirror.cli.operator.run import app as operator

    operator(context.args, prog_name="stagingmirror run")


@app.command()
def crds(
    output_dir: Annotated[
        Path | None,
        typer.Option(
            "--output-dir",
            metavar="DIR",
            show_default=False,
            help="Write one file per definition into it. Default: all on standard output.",
        ),
    ] = None,
) -> None:
    """Print the CustomResourceDefinitions."""
    from stagingmirror.api.crd import generate

    if output_dir is None:
        show("---\n".join(generate.as_yaml(each) for each in generate.crds()).rstrip("\n"))
        return
    try:
        show([str(path) for path in generate.write(output_dir)])
    except OSError as error:
        fail(f"--output-dir {output_dir}: {error.strerror or error}")
        raise typer.Exit(1) from None
