"""What brings a mirror back before its time, in one place: something that it reads or names has
changed.
"""

from dataclasses import dataclass, field
from typing import Any

from stagingmirror.engine.check.state import MirrorStates
from stagingmirror.engine.environments.resolve import listed_namespaces, read_environments
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.lookups import BY_ENVIRONMENT
from stagingmirror.engine.resources.mirror import MirrorKey, key_of
from stagingmirror.engine.workqueue.lanes import OWN_LANE
from stagingmirror.engine.workqueue.queue import WorkQueue
from stagingmirror.metrics import Metrics
from stagingmirror.view import Subject


@dataclass(slots=True)
class WakeUps:
    """Exists before the sources that call it. ``connect`` is called once, before anything runs."""

    queue: WorkQueue[MirrorKey]
    cache: ResourceCache
    states: MirrorStates
    metrics: Metrics
    sources: Sources = field(init=False)
    subscriptions: Subscriptions = field(init=False)

    def connect(self, sources: Sources, subscriptions: Subscriptions) -> None:
        """Where answers are, and who reads them."""
        self.sources, self.subscriptions = sources, subscriptions

    def subject_changed(self, subject: Subject[Any], /, *, since: float | None = None) -> None:
        """Called by the sources. ``since``: since when this is known (POSIX s), if not from now.
        A mirror that waits for first answers comes back when it has all of them.
        """
        environment = subject.environment
        lane = (self.sources.of(subject).name, environment) if environment else OWN_LANE
        for key in self.subscriptions.readers(subject):
            first = self.states.observing(key).initial_sync
            if since is not None or not first.still_waits(subject, self.sources.get):
                self.queue.add(key, since=since, lane=lane)

    def proof_changed(self, environment: str) -> None:
        """Whether the cluster of this environment is another one than ours is not what it was:
        neither is what may be written in our namespaces of the names that it lists.
        """
        body = self.cache.get("mirrorenvironments", environment)
        for namespace in () if body is None else listed_namespaces(body):
            for mirror in self.cache.all("stagingmirrors", namespace):
                self.queue.add(key_of(mirror))

    def environment_changed(self, name: str) -> None:
        """Its servers or credentials are others now, or it is gone."""
        if name not in read_environments(self.cache):
            self.metrics.forget_server(name)
        for body in self.cache.where(BY_ENVIRONMENT, name):
            self.queue.add(key_of(body))
