"""The options of ``stagingmirror run``."""

from typing import Annotated, Literal

import typer

Namespace = Annotated[
    str,
    typer.Option(
        metavar="NAMESPACE",
        envvar="STAGINGMIRROR_NAMESPACE",
        help="The operator's own namespace.",
    ),
]
Identity = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        envvar="STAGINGMIRROR_IDENTITY",
        show_default=False,
        help="This process among its replicas: the pod's name. Default: the host's name.",
    ),
]
Release = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        envvar="STAGINGMIRROR_RELEASE",
        help="Name of this installation, and of its ClusterRole. There is one per cluster.",
    ),
]
MetricsPort = Annotated[
    int,
    typer.Option(
        metavar="PORT",
        envvar="STAGINGMIRROR_METRICS_PORT",
        help="Port of metrics, livez and readyz. 0: any free one.",
    ),
]
LogFormat = Annotated[
    Literal["json", "console"],
    typer.Option(
        envvar="STAGINGMIRROR_LOG_FORMAT",
        help="The form of the log; console is for people.",
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        metavar="NUMBER",
        envvar="STAGINGMIRROR_WORKERS",
        min=1,
        help="Number of mirrors that are checked at once.",
    ),
]
Kubeconfig = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        show_default=False,
        help="For development. Default: $KUBECONFIG, else the pod's own account.",
    ),
]
InContext = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        show_default=False,
        help="Context of the kubeconfig. Default: its current one.",
    ),
]
ClockMargin = Annotated[
    float,
    typer.Option(
        envvar="STAGINGMIRROR_CLOCK_MARGIN",
        metavar="SECONDS",
        min=0.0,
        help="Seconds by which the clocks of nodes, API server and MLflow may differ: times "
        "that are no further apart prove no order.",
    ),
]
