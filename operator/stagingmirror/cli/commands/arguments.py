"""What each command takes, with its help. Kept free of everything slow: ``--help`` imports this."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from stagingmirror.cli.commands.options import mirror_name


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


Components = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="COMPONENT",
        show_default=False,
        help="Names of its components. Default: all that are not in sync.",
    ),
]
Compared = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="COMPONENT",
        show_default=False,
        help="Names of its components of kind featureParity. Default: all of them.",
    ),
]
Component = Annotated[
    str, typer.Argument(metavar="COMPONENT", show_default=False, help="The component's name.")
]
Whole = Annotated[
    bool, typer.Option("--all", help="Every difference that the status lists, not only the first.")
]
AcceptedFor = Annotated[
    str,
    typer.Option(
        "--reason",
        metavar="TEXT",
        show_default=False,
        help="Why that is right, for whoever reads it later. Required.",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        show_default=False,
        help="When the acceptance ends: 2027-01-31 (its first moment, UTC) or RFC 3339. "
        "Default: never.",
    ),
]
OnlyFact = Annotated[
    str | None,
    typer.Option(
        "--fact",
        metavar="FACT",
        show_default=False,
        help="Accept this one; with * one entry for all that fit. Default: an entry for each fact "
        "that differs.",
    ),
]
WithValues = Annotated[
    bool, typer.Option("--values", help="Accept the values of now only; others are drift.")
]
Everything = Annotated[
    bool, typer.Option("--all", help="All mirrors of the namespace, as with no name.")
]
Now = Annotated[
    bool, typer.Option("--now", help="Have everything observed again first, and wait for that.")
]
ReadBytes = Annotated[
    bool,
    typer.Option(
        "--bytes", help="As --now, and read all bytes of models and documents of indexes."
    ),
]
Probe = Annotated[
    bool,
    typer.Option(
        "--parity", help="As --now, and send samples to the endpoints of both sides again."
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        show_default=False,
        help="In sync without a gap since then: 14:02 (local time), 30m (ago) or RFC 3339. "
        "Default: in sync now is enough.",
    ),
]
Excepted = Annotated[
    list[str] | None,
    typer.Option(
        "--except",
        metavar="COMPONENT",
        show_default=False,
        help="Leave this component out; may be repeated. Default: every component counts.",
    ),
]
ForPipelines = Annotated[
    Literal["text", "json", "junit"],
    typer.Option(
        "--output",
        "-o",
        help="The form of the output; junit has a suite per mirror, and a case per component.",
    ),
]
CheckPatience = Annotated[
    str | None,
    _patience("How long to wait for --now. Default: 60s, with --bytes or --parity 30m."),
]
Wait = Annotated[bool, typer.Option("--wait", help="Follow it to its end. Exit code 0: verified.")]
RefreshPatience = Annotated[str | None, _patience("How long --wait waits. Default: 3h.")]
Length = Annotated[
    str,
    typer.Option(
        "--for",
        metavar="DURATION",
        show_default=False,
        help="How long it lasts, e.g. 2h. Required.",
    ),
]
Why = Annotated[
    str,
    typer.Option(
        metavar="TEXT", show_default=False, help="Why, for whoever meets the hold. Required."
    ),
]
OnlyComponents = Annotated[
    list[str] | None,
    typer.Option(
        "--component",
        metavar="COMPONENT",
        show_default=False,
        help="Hold this component, which is under test; may be repeated. "
        "Default: the whole mirror.",
    ),
]
HoldPatience = Annotated[
    str | None, _patience("How long to wait until it is in effect. Default: 2h.")
]
ReleasePatience = Annotated[
    str | None, _patience("How long to wait for a check without it. Default: 60s.")
]
OutputDir = Annotated[
    Path | None,
    typer.Option(
        "--output-dir",
        metavar="DIR",
        show_default=False,
        help="Write one file per definition into it. Default: all on standard output.",
    ),
]
Environment = Annotated[
    str, typer.Argument(metavar="ENVIRONMENT", help="The MirrorEnvironment of production.")
]
ProductionContext = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="NAME",
        show_default=False,
        help="Context of production's cluster. Required.",
    ),
]
ProductionNamespaces = Annotated[
    list[str] | None,
    typer.Option(
        "--namespace",
        "-n",
        metavar="NAMESPACE",
        show_default=False,
        help="A namespace of it that is read; may be repeated. Required.",
    ),
]
Account = Annotated[
    str, typer.Option(metavar="NAME", help="Name of the ServiceAccount, its Role and Secret.")
]
OperatorContext = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        show_default=False,
        help="Context of the operator's cluster. Default: the kubeconfig's current one.",
    ),
]
Server = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        show_default=False,
        help="How the operator reaches production's API server. Default: as you do.",
    ),
]
Apply = Annotated[bool, typer.Option("--apply", help="Write it to both clusters.")]
DryRun = Annotated[
    Literal["server"] | None,
    typer.Option(
        show_default=False,
        help="Have both clusters check it, and write nothing. Default: only print it.",
    ),
]
