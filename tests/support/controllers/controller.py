"""A controller that is played: it goes through the objects of its kind again and again."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, Self

from rig.kube import Kube, Refused

Object = dict[str, Any]

PERIOD = 0.05


class Controller(ABC):
    """A context manager; looks after the objects of these namespaces in a thread of its own."""

    api: ClassVar[str]
    kind: ClassVar[str]

    def __init__(self, kube: Kube, namespaces: Iterable[str], *, every: float = PERIOD) -> None:
        """``every``: seconds between two passes."""
        self.sleeping = False
        """Nothing is done."""
        self._kube = kube
        self._namespaces = tuple(namespaces)
        self._every = every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.kind, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            if not self.sleeping:
                for namespace in self._namespaces:
                    self._look_after(namespace)

    def _look_after(self, namespace: str) -> None:
        for found in self._kube.list(self.api, self.kind, namespace):
            try:
                self._reconcile(found)
            except Refused as refused:
                if refused.code not in (404, 409):  # it went, or is another one by now
                    raise

    @abstractmethod
    def _reconcile(self, found: Object) -> None:
        """One pass over one object."""
