"""``stagingmirror run``: the operator itself, from its first flag to its last task."""

import asyncio
import gc
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import TypeVar

import structlog
import typer

from stagingmirror.cli.operator.health import State
from stagingmirror.cli.operator.logs import configure_logging
from stagingmirror.cli.operator.options import (
    ClockMargin,
    Identity,
    InContext,
    Kubeconfig,
    LogFormat,
    MetricsPort,
    Namespace,
    Release,
    Workers,
)
from stagingmirror.cli.operator.shutdown import PATIENCE, end, log_why, obey_signals
from stagingmirror.cli.operator.wiring import Operator
from stagingmirror.edge import Edge
from stagingmirror.engine.leader.elector import Elector, since_boot
from stagingmirror.engine.leader.installation import Installation, InstallationClaim
from stagingmirror.engine.sealing import load_or_make, sealer
from stagingmirror.errors import NeedsHuman, NotAllowed, StagingMirrorError
from stagingmirror.metrics import Metrics, Server
from stagingmirror.metrics.loop import measure_callbacks
from stagingmirror.runtime import SteadyClock
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.api.login import login

log = structlog.get_logger(__name__)

# Seconds between two tries to read the key of the installation at the start.
RETRY = 2.0
# The code by which ``serve`` says that the clock was set.
ANEW = 75

# Seconds after which what a start builds up is there.
STARTED = 30.0
# New objects after which the garbage collector examines the youngest; Python's 700 are meant for
# small programs.
YOUNG = 20_000

DEFAULTS = Settings()

T = TypeVar("T")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def run(
    namespace: Namespace = DEFAULTS.namespace,
    identity: Identity = "",
    release: Release = DEFAULTS.release,
    metrics_port: MetricsPort = DEFAULTS.metrics_port,
    log_format: LogFormat = "json",
    workers: Workers = DEFAULTS.workers,
    clock_margin: ClockMargin = DEFAULTS.clock_margin,
    kubeconfig: Kubeconfig = None,
    context: InContext = None,
) -> None:
    """The operator itself."""
    configure_logging(log_format)
    settings = Settings(
        namespace=namespace,
        identity=identity or socket.gethostname(),
        release=release,
        metrics_port=metrics_port,
        log_format=log_format,
        workers=workers,
        clock_margin=clock_margin,
    )
    code = asyncio.run(serve(settings, kubeconfig=kubeconfig, context=context))
    if code == ANEW:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves
    sys.exit(code)


async def serve(settings: Settings, *, kubeconfig: str | None, context: str | None) -> int:
    """Run until a signal (0), until something that must run has ended (1), or until the clock was
    set (ANEW): the process must begin anew.
    """
    ends = Ends()
    stop = ends.stop
    clock = SteadyClock(time.time, since_boot, ends.clock_was_set)
    metrics = Metrics(clock=time.time, version=version("stagingmirror"))
    measure_callbacks(metrics.holds.held)
    try:
        access = await login(kubeconfig=kubeconfig, context=context)
    except NotAllowed as error:
        log.error("cannot log in", why=error.message)
        return 1
    client = KubernetesClient(access, timeout=settings.request_timeout)
    claim = InstallationClaim(client, Installation(settings.namespace, settings.release))
    state = State(claim)
    server = Server(
        metrics.registry, port=settings.metrics_port, live=state.live, ready=state.ready
    )
    async with client, server:
        log.info("started", metrics_port=server.port, namespace=settings.namespace)
        obey_signals(stop)
        if not await _unless(stop, claim.acquire()):
            return 0
        key = await _unless(stop, _sealing_key(client, settings.namespace))
        if key is None:
            return 0
        operator = Operator(
            client,
            settings=settings,
            metrics=metrics,
            seal=sealer(key),
            clock=clock,
            claim=claim,
            lost=ends.lost.set,
        )
        ends.stop_writing = operator.leadership.suspend
        edge = Edge(access, operator.reactions.event, timeout=settings.request_timeout)
        state.of(operator, edge)
        return await _supervise(operator, edge, ends=ends, metrics=metrics)


class Ends:
    """Why a process that works ends: ``stop`` by a signal, ``lost`` without its Lease, ``anew``
    because the clock was set. Marks and intervals of before then mean nothing, and a start is
    cheap.
    """

    def __init__(self) -> None:
        self.stop, self.lost, self.anew = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.stop_writing: Callable[[], None] = lambda: None

    def clock_was_set(self, by: float) -> None:
        """By so many seconds. Nothing is written by what was judged before."""
        log.warning("the clock was set, beginning anew", seconds=round(by, 3))
        self.stop_writing()
        self.anew.set()

    @property
    def code(self) -> int:
        """Of the process, once it ends by one of these."""
        if self.stop.is_set():
            return 0
        return ANEW if self.anew.is_set() and not self.lost.is_set() else 1


async def _supervise(
    operator: Operator,
    edge: Edge,
    *,
    ends: Ends,
    metrics: Metrics,
) -> int:
    """Everything runs, or the process ends: a restart is cheap, half an operator is not."""
    stop = ends.stop
    sentinels = {
        asyncio.create_task(stop.wait(), name="stop"),
        asyncio.create_task(ends.lost.wait(), name="lost"),
        asyncio.create_task(ends.anew.wait(), name="clock"),
    }
    electing = asyncio.create_task(operator.elector.run(), name="elector")
    watching = asyncio.create_task(_watch(operator, edge, stop), name="edge")
    running = {
        **operator.tasks(),
        "lead": operator.lead(),
        "figures": _figures(operator, metrics),
        "garbage": _spare_the_collector(operator.elector),
    }
    others = {asyncio.create_task(each, name=name) for name, each in running.items()}
    done, _ = await asyncio.wait(
        {electing, watching, *others, *sentinels}, return_when=asyncio.FIRST_COMPLETED
    )
    log_why(done, stop=stop, lost=ends.lost, anew=ends.anew)
    code = ends.code
    # In this order: no write begins any more, then the Lease is given back, then Kopf, which would
    # end all tasks with it.
    await end(others)
    await operator.close()
    await end({electing})
    edge.stop()
    await end({watching}, within=PATIENCE)
    await end(sentinels)
    return code


async def _watch(operator: Operator, edge: Edge, stop: asyncio.Event) -> None:
    """Kopf is started when our resources can be listed: it would not wait for their definitions."""
    await operator.resync.until_listed()
    watching = asyncio.create_task(edge.run(), name="kopf")
    try:
        await edge.ready.wait()
        # Kopf puts its own handlers for signals in place; ours end things in the right order.
        obey_signals(stop)
        await watching
    finally:
        watching.cancel()
        await asyncio.wait({watching})


async def _figures(operator: Operator, metrics: Metrics) -> None:
    while True:
        metrics.leading(now=operator.leadership.leading())
        await asyncio.sleep(1.0)


async def _spare_the_collector(elector: Elector) -> None:
    """What a start builds up stays there: the garbage collector need not examine it.

    Else it stops everything for 0.3 s at 1,000 mirrors, each time a quarter more has come. A
    standby that takes over starts once more.
    """
    gc.set_threshold(YOUNG, 20, 20)
    await _freeze_for(STARTED)
    await elector.acquired()
    await _freeze_for(STARTED)
    await asyncio.Event().wait()


async def _freeze_for(seconds: float) -> None:
    """What is there now is not examined any more; again and again while it becomes more."""
    for _ in range(round(seconds)):
        gc.collect(1)
        gc.freeze()
        await asyncio.sleep(1.0)


async def _sealing_key(client: KubernetesClient, namespace: str) -> bytes:
    reported = ""
    while True:
        try:
            return await load_or_make(client, namespace)
        except (StagingMirrorError, NeedsHuman) as error:
            if error.message != reported:
                log.warning("the key of the installation cannot be read", why=error.message)
            reported = error.message
        await asyncio.sleep(RETRY)


async def _unless(stop: asyncio.Event, awaitable: Awaitable[T]) -> T | None:
    """The result, or None where the process is stopped before it is there."""
    work = asyncio.ensure_future(awaitable)
    ending = asyncio.create_task(stop.wait())
    await asyncio.wait({work, ending}, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    # False: it is done.
    return None if work.cancel() else work.result()
