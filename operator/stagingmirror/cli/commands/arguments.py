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
Everything = Annotated[
    bool, typer.Option("--all", help="All mirrors of the namespace, as with no name.")
]
Now = Annotated[
    bool, typer.Option("--now", help="Have everything observed again first, and wait for that.")
]
ReadBytes = Annotated[
    bool, typer.Option("--bytes", help="As --now, and read all bytes of models again.")
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
    _patience("How long to wait for --now and --bytes. Default: 60s, with --bytes 30m."),
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
