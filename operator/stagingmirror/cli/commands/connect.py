"""``connect``: an identity that may only read another cluster, and the Secret that leads there.

As ``argocd cluster add``, but read-only. It prints; with ``--apply`` it writes, as you, to both
clusters, and ends by proving what the new identity may do: by the way that the operator takes.
"""

import asyncio
import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from urllib.parse import quote, urlsplit

from stagingmirror.cli.commands.options import fail, show
from stagingmirror.cli.read.answer import FAILED, IN_SYNC, MISUSED
from stagingmirror.cli.read.client import MANAGER, TIMEOUT
from stagingmirror.cli.read.reader_account import (
    KEY,
    PLACEHOLDER,
    Object,
    ReaderAccount,
    as_yaml,
    kubeconfig,
    secret,
    secret_name,
)
from stagingmirror.errors import Conflicted, NotAllowed, NotAnswered, NotThere
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.api.kubeconfig import Address, parse_kubeconfig
from stagingmirror.sources.kubernetes.api.login import address_of
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.kubernetes.api.remote_login import remote_login
from stagingmirror.sources.kubernetes.clusters.identity import uid_of
from stagingmirror.sources.kubernetes.watch.access_review import (
    ALL_READS,
    denial,
    may_write,
    missing_permissions,
)

APPLY = "application/apply-patch+yaml"
# Seconds for which the token is waited for, and new rights.
PATIENCE, EVERY = 30.0, 0.5
_PLURALS = {
    "ServiceAccount": "serviceaccounts",
    "Secret": "secrets",
    "Role": "roles",
    "RoleBinding": "rolebindings",
}


@dataclass(frozen=True, slots=True)
class ConnectRequest:
    """``context`` leads to production's cluster, ``operator_context`` to the operator's; None: the
    current one. ``server``: the address by which the operator reaches production's.
    """

    environment: str
    namespaces: tuple[str, ...]
    account: str
    context: str | None
    operator_context: str | None
    operator_namespace: str
    kubeconfig: str | None
    server: str | None
    apply: bool
    dry_run: bool


async def connect(request: ConnectRequest) -> int:
    if not request.namespaces or request.context is None:
        fail("--context and -n are required, e.g. --context production -n ml-prod")
        return MISUSED
    if request.apply and request.dry_run:
        fail("--apply and --dry-run=server: give one of them")
        return MISUSED
    address = await address_of(request.kubeconfig, request.context)
    if request.server is not None:
        address = address._replace(server=request.server)
    # What the operator would refuse is refused before anything is printed or written.
    parse_kubeconfig(_text(address, PLACEHOLDER))
    account = ReaderAccount(request.account, request.namespaces)
    if not request.apply and not request.dry_run:
        show(_printed(request, account, address))
        return IN_SYNC
    return await _written(request, account, address)


def _printed(request: ConnectRequest, account: ReaderAccount, address: Address) -> str:
    """Without a token, as there is none yet."""
    mine = secret(request.environment, request.operator_namespace, _text(address, PLACEHOLDER))
    return "\n".join(
        (
            f"# For the cluster of context {request.context}: an account that may only read.",
            as_yaml(account.objects()).rstrip(),
            "---",
            f"# For the operator's cluster. {PLACEHOLDER} is the token (base64 -d) of Secret"
            f" {account.home}/{account.name} above.",
            as_yaml([mine]).rstrip(),
            "---",
            *_of_environment(request),
        )
    )


def _of_environment(request: ConnectRequest) -> Iterator[str]:
    yield f"# What MirrorEnvironment {request.environment} then needs:"
    yield "#   spec:"
    yield f"#     namespaces: [{', '.join(request.namespaces)}]"
    name = secret_name(request.environment)
    yield f"#     cluster: {{kubeconfigSecretRef: {{name: {name}, key: {KEY}}}}}"


async def _written(request: ConnectRequest, account: ReaderAccount, address: Address) -> int:
    there = await KubernetesClient.connect(
        kubeconfig=request.kubeconfig, context=request.context, timeout=TIMEOUT
    )
    here = await KubernetesClient.connect(
        kubeconfig=request.kubeconfig, context=request.operator_context, timeout=TIMEOUT
    )
    async with there, here:
        # What either cluster refuses is refused before the first write.
        for client, body in (
            *((there, each) for each in account.objects()),
            (here, secret(request.environment, request.operator_namespace, "")),
        ):
            await _apply(client, body, dry_run=True)
        if request.dry_run:
            show("Both API servers would accept this; nothing was written. --apply writes it.")
            return IN_SYNC
        for body in account.objects():
            await _apply(there, body, dry_run=False)
        text = _text(address, await _token(there, account))
        mine = secret(request.environment, request.operator_namespace, text)
        await _apply(here, mine, dry_run=False)
        show([f"wrote {_called(each)}" for each in (*account.objects(), mine)])
        own = await uid_of(here)
    try:
        return await _proven(request, text, own)
    except NotAnswered as error:
        fail(
            f"what was written is not proven from here: {error.message} If only the operator can"
            " reach that address, see READY and READ ONLY of: kubectl get mirrorenvironment"
            f" {request.environment}"
        )
        return FAILED


async def _apply(client: KubernetesClient, body: Object, *, dry_run: bool) -> None:
    metadata = body["metadata"]
    api = body["apiVersion"]
    root = f"/apis/{api}" if "/" in api else f"/api/{api}"
    path = (
        f"{root}/namespaces/{quote(metadata['namespace'], safe='')}/{_PLURALS[body['kind']]}"
        f"/{quote(metadata['name'], safe='')}"
    )
    query = MANAGER | ({"dryRun": "All"} if dry_run else {})
    try:
        await client.request("PATCH", path, query=query, body=body, content_type=APPLY)
    except Conflicted as error:
        raise Conflicted(
            error.reason,
            f"{_called(body)} is there already, with other content that another tool manages:"
            " delete it, or choose another --account.",
        ) from None


def _called(body: Object) -> str:
    return f"{body['kind']} {body['metadata']['namespace']}/{body['metadata']['name']}"


async def _token(client: KubernetesClient, account: ReaderAccount) -> str:
    """What a controller of that cluster writes into the Secret."""
    path = f"/api/v1/namespaces/{account.home}/secrets/{account.name}"
    until = monotonic() + PATIENCE
    while monotonic() < until:
        data = (await client.get(path)).get("data") or {}
        if data.get("token"):
            return base64.b64decode(data["token"]).decode()
        await asyncio.sleep(EVERY)
    raise NotAnswered(
        Reason.TIMED_OUT,
        f"no token came into Secret {account.home}/{account.name} within {PATIENCE:.0f} s; does"
        " that cluster's controller manager run?",
    )


async def _proven(request: ConnectRequest, text: str, own: str) -> int:
    """What the identity may do, asked as the operator asks."""
    lines, is_good = [""], True
    async with KubernetesReader(remote_login(parse_kubeconfig(text)), timeout=TIMEOUT) as reader:
        missing = await _missing(reader, request.namespaces)
        if await uid_of(reader) == own:
            lines.append("✗ this is the cluster that the operator runs in: it needs no kubeconfig")
            is_good = False
        for namespace in request.namespaces:
            lines.append(missing.get(namespace) or f"✓ {namespace}: it can be read")
            is_good = is_good and namespace not in missing
            writable = await may_write(reader, namespace)
            lines.append(_WRITES[writable].format(namespace))
            is_good = is_good and writable is not True
    show([*lines, "", *_of_environment(request), *_reachable(text)])
    return IN_SYNC if is_good else FAILED


_WRITES = {
    False: "✓ {}: it may write nothing",
    True: (
        "✗ {}: it may write there; another binding gives it that right (get of pods/exec is one,"
        " and * includes it): remove it"
    ),
    None: "? {}: that cluster does not list all rights, so whether it may write is not known",
}


async def _missing(reader: KubernetesReader, namespaces: Sequence[str]) -> dict[str, str]:
    """Per namespace what may not be read; new rights take a moment."""
    until = monotonic() + PATIENCE
    while True:
        try:
            await uid_of(reader)
            found = {
                each: await missing_permissions(reader, each, ALL_READS) for each in namespaces
            }
            if not any(found.values()) or monotonic() > until:
                return {name: f"✗ {denial(each, name)}" for name, each in found.items() if each}
        except (NotAllowed, NotThere):
            if monotonic() > until:
                raise
        await asyncio.sleep(EVERY)


def _reachable(text: str) -> Iterator[str]:
    host = urlsplit(parse_kubeconfig(text).address.server).hostname or ""
    if host in ("localhost", "127.0.0.1", "::1", "0.0.0.0"):  # noqa: S104 - compared, not bound
        yield f"? the server is {host}, which the operator's pod cannot reach; give --server"


def _text(address: Address, token: str) -> str:
    return kubeconfig(address, base64.b64encode(address.authorities.encode()).decode(), token)
