"""What the registries of all environments last said: the ``model_alias``/``model_version`` half of
the view.
"""

from collections.abc import Callable, Iterable, Mapping

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.registry.address import RegistryAddress
from stagingmirror.registry.identity import RegistryIdentity
from stagingmirror.registry.server import MlflowServer
from stagingmirror.settings import Settings
from stagingmirror.view import Content, Look, ModelAlias, ModelVersion, Subject


class RegistrySource:
    """One poller per distinct server (address and credentials), however many environments, mirrors
    and aliases use it.

    All methods but ``run`` and ``prove`` are synchronous and cheap; everything happens on one event
    loop. ``on_change`` is called, on that loop, with each wanted subject whose answer changed
    (value or trouble, not its mere age).
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        on_change: Callable[[Subject], None],
        settings: Settings,
        on_call: Callable[[str, str], None] = lambda operation, result: None,
    ) -> None:
        """``on_call(operation, result)`` is told of every call, for metrics."""
        raise NotImplementedError

    def configure(self, environment: str, address: RegistryAddress | Why) -> None:
        """Where an environment's registry is; a Why where that cannot be known. Idempotent."""
        raise NotImplementedError

    def remove(self, environment: str) -> None:
        raise NotImplementedError

    def want(self, subject: Subject, interval: float) -> None:
        """Keep this subject's answer younger than ``interval`` seconds. Idempotent: the newest
        interval counts.
        """
        raise NotImplementedError

    def unwant(self, subject: Subject) -> None:
        raise NotImplementedError

    def model_alias(self, environment: str, model: str, alias: str) -> Look[ModelAlias] | Unseen:
        raise NotImplementedError

    def model_version(
        self, environment: str, model: str, version: str
    ) -> Look[ModelVersion] | Unseen:
        raise NotImplementedError

    async def run(self) -> None:
        """Poll until cancelled; closes every connection then."""
        raise NotImplementedError

    async def prove(
        self, subjects: Iterable[Subject], *, since: float, read_bytes: bool, within: float = 300.0
    ) -> None:
        """Ask anew for everything whose look began before ``since`` (POSIX s); with ``read_bytes``
        also read all bytes that were last read before it.

        Returns when asked, or after ``within`` seconds at the latest; whether it came to anything,
        the looks tell (``began``, ``content.read``).
        """
        raise NotImplementedError

    def adopt(self, environment: str, model: str, version: str, content: Content) -> None:
        """A hash known from before a restart, see ``registry.reading``."""
        raise NotImplementedError

    def identity(self, environment: str) -> RegistryIdentity | None:
        """What proves which registry answers there; None: it has not answered yet."""
        raise NotImplementedError

    def same_registry(self, one: str, other: str) -> bool | None:
        """Whether two environments lead to one registry, by what it holds; None: not known."""
        raise NotImplementedError

    def server(self, environment: str) -> MlflowServer:
        """For ``copy`` and ``aliases``. Raises CannotRefresh where the environment has no
        registry.
        """
        raise NotImplementedError

    def calls(self) -> Mapping[tuple[str, str], int]:
        """(operation, result) → how many calls were made so far, over all servers."""
        raise NotImplementedError
