"""The commands and their options. What they do is in the modules beside this one, imported only
when a command runs: ``--help`` is fast.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from stagingmirror.cli.commands import offline
from stagingmirror.cli.commands.arguments import (
    AcceptedFor,
    As,
    Called,
    CheckPatience,
    Compared,
    Component,
    Components,
    Everything,
    Excepted,
    ForPipelines,
    Held,
    HoldPatience,
    Length,
    Name,
    Names,
    Now,
    OnlyComponents,
    OnlyFact,
    Probe,
    ReadBytes,
    RefreshPatience,
    ReleasePatience,
    Since,
    Until,
    Wait,
    Whole,
    Why,
    WithValues,
)
from stagingmirror.cli.commands.options import (
    InContext,
    Kubeconfig,
    Namespace,
    fail,
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


# Commands that do not connect to a cluster, or to two of them, so the options of a connection are
# refused before their name.
OFFLINE_COMMANDS = frozenset({"run", "crds", "connect"})


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
    whole: Whole = False,
    output: As = "text",
) -> int:
    """What is in sync and what is not."""
    from stagingmirror.cli.commands import show

    return await show.status(client, names or [], as_json=output == "json", whole=whole)


@app.command()
@reaching()
async def diff(
    client: "MirrorClient",
    *,
    name: Name,
    components: Components = None,
    whole: Whole = False,
    output: As = "text",
) -> int:
    """Every fact in which staging differs from production."""
    from stagingmirror.cli.commands import show

    as_json = output == "json"
    return await show.diff(client, name, components or [], as_json=as_json, whole=whole)


@app.command()
@reaching()
async def accept(
    client: "MirrorClient",
    *,
    name: Name,
    component: Component,
    reason: AcceptedFor = "",
    until: Until = None,
    fact: OnlyFact = None,
    values: WithValues = False,
) -> int:
    """Print the entries of spec.accept for what differs now. Nothing is written."""
    from stagingmirror.cli.commands import accept

    request = accept.AcceptRequest(name, component, reason, until, fact, values=values)
    return await accept.accept(client, request)


@app.command()
@reaching()
async def parity(
    client: "MirrorClient",
    *,
    name: Name,
    components: Compared = None,
    output: As = "text",
) -> int:
    """What both sides made of the same input, feature by feature."""
    from stagingmirror.cli.commands import show

    return await show.parity(client, name, components or [], as_json=output == "json")


@app.command()
@reaching(everywhere=True)
async def check(
    client: "MirrorClient",
    *,
    names: Names = None,
    everything: Everything = False,
    now: Now = False,
    read_bytes: ReadBytes = False,
    probe: Probe = False,
    since: Since = None,
    excepted: Excepted = None,
    output: ForPipelines = "text",
    within: CheckPatience = None,
) -> int:
    """Gate a pipeline. Exit code 0: in sync; 3: drifted or held; 4: unknown; 1 and 2: errors."""
    from stagingmirror.cli.commands import check

    request = check.CheckRequest(
        names=tuple(names or ()) if not everything else (),
        now=now or read_bytes or probe,
        read_bytes=read_bytes,
        probe=probe,
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
    wait: Wait = False,
    within: RefreshPatience = None,
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
    length: Length = "",
    reason: Why = "",
    components: OnlyComponents = None,
    called: Called = None,
    within: HoldPatience = None,
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
    within: ReleasePatience = None,
) -> int:
    """End a hold, and wait until staging is mirrored again."""
    from stagingmirror.cli.commands import hold

    return await hold.release(client, tuple(names or ()), called, within)


app.command()(offline.connect)
app.command()(offline.crds)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def run(context: typer.Context) -> None:
    """The operator itself. Its options: stagingmirror run --help."""
    # Imported late: the other commands start without loading the operator.
    from stagingmirror.cli.operator.run import app as operator

    operator(context.args, prog_name="stagingmirror run")
