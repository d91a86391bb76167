"""The commands that are not those of one person at one API server."""

import typer

from stagingmirror.cli.commands.arguments import (
    Account,
    Apply,
    DryRun,
    Environment,
    OperatorContext,
    OutputDir,
    ProductionContext,
    ProductionNamespaces,
    Server,
)
from stagingmirror.cli.commands.options import Kubeconfig, OperatorNamespace, ended, fail, show
from stagingmirror.cli.read.where import OPERATOR_NAMESPACE


def connect(
    environment: Environment,
    *,
    context: ProductionContext = None,
    namespaces: ProductionNamespaces = None,
    account: Account = "stagingmirror-reader",
    operator_context: OperatorContext = None,
    operator_namespace: OperatorNamespace = OPERATOR_NAMESPACE,
    kubeconfig: Kubeconfig = None,
    server: Server = None,
    apply: Apply = False,
    dry_run: DryRun = None,
) -> None:
    """Let the operator read production in another cluster: print, or write, what that takes."""
    from stagingmirror.cli.commands import connect

    request = connect.ConnectRequest(
        environment,
        tuple(dict.fromkeys(namespaces or ())),
        account,
        context,
        operator_context,
        operator_namespace,
        kubeconfig,
        server,
        apply=apply,
        dry_run=dry_run == "server",
    )
    ended(connect.connect(request))


def crds(
    output_dir: OutputDir = None,
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
