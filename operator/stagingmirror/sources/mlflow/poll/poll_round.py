"""One round of requests to a server: all aliases in one search, the versions that matter with them.

A round requests the versions first and the aliases last, so an alias that still names the version
it named before makes one whole observation of both. Where it names another, that version is
requested and then the alias once more; if it has moved again, nothing is observed and the next
round comes at once. A round that fails changes nothing but the *trouble* of what is known.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import structlog

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.content.content_poller import INTERNAL, ContentPoller
from stagingmirror.sources.content.hashing import Texts
from stagingmirror.sources.mlflow.client import queries
from stagingmirror.sources.mlflow.client.artifacts import files_of, store_of
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import RegisteredModel
from stagingmirror.sources.mlflow.content.version_details import KnownVersion, described
from stagingmirror.sources.mlflow.poll.identity import RegistryIdentity
from stagingmirror.sources.mlflow.poll.model_reader import ModelAnswer, ModelReader
from stagingmirror.sources.mlflow.poll.published import Announce, Published
from stagingmirror.sources.mlflow.poll.version_cache import Answer, Key, VersionCache
from stagingmirror.sources.mlflow.subjects import Content

log = structlog.get_logger(__name__)

_NOT_POLLED = Why(Reason.NOT_POLLED_YET, "the registry was not polled for it yet")


@dataclass(slots=True)
class Wanted:
    aliases: set[Key] = field(default_factory=set)
    versions: set[Key] = field(default_factory=set)

    @property
    def count(self) -> int:
        return len(self.aliases) + len(self.versions)


class PollRound:
    """One round at a time; ``again``: the next should come at once."""

    def __init__(
        self,
        server: MlflowServer,
        *,
        clock: Callable[[], float],
        store_interval: float,
        announce: Announce,
    ) -> None:
        self.server = server
        self._clock = clock
        self.observations = Published(announce)
        self.reading = ContentPoller(
            partial(files_of, server),
            clock=clock,
            store_interval=store_interval,
            changed=self._reread,
            store_of=store_of,
        )
        self.models = ModelReader(server, clock)
        # When the last good round began (POSIX s).
        self.searched: float | None = None
        # When the last finished round began, good or not.
        self.tried: float = 0.0
        self.trouble: Why | None = None
        self.again = False
        self._versions = VersionCache(server, store_interval)
        self._answered: dict[Key, tuple[KnownVersion, float]] = {}
        self._kept: dict[Key, Content] = {}

    async def round(self, due: Wanted, *, wanted: Wanted, since: Mapping[Key, float]) -> None:
        """Request what is due; what is not ``wanted`` at all is forgotten. ``since``: see
        ``VersionCache``.
        """
        began = self._clock()
        self.again = False
        try:
            await self._read(due, wanted, since, began)
        except StagingMirrorError as error:
            self._failed(due, Why(error.reason, error.message), began)
        except Exception:  # one server's oddity is its own trouble, not the operator's end
            log.exception("polling a registry failed", server=self.server.host)
            self._failed(due, INTERNAL, began)
        self.tried = began

    async def _read(
        self, due: Wanted, wanted: Wanted, since: Mapping[Key, float], began: float
    ) -> None:
        requested = due.versions | self.observations.named(due.aliases)
        answers = await self._versions.read(requested, began=began, since=since)
        models = await self.models.read(due.aliases, wanted={name for name, _ in wanted.aliases})
        misspelled = await self.models.misspelled(models, due.aliases)
        new = _named_by(models, due.aliases) - requested
        if new:
            answers |= await self._versions.read(new, began=began, since=since)
            first, models = models, await self.models.once_more(models, new, due.aliases)
            self.again = first.keys() != models.keys()
        self._publish(due, models, misspelled, answers, began)
        self._forget_others(wanted)

    async def has_moved(self, aliases: Collection[Key]) -> bool:
        """A glance: whether one search shows that one of these names another version than it did.
        It is no observation, whatever it shows.
        """
        try:
            shown = await queries.search_registered_models(
                self.server, {name for name, _ in aliases}
            )
        except StagingMirrorError:
            return False  # the next round reports it
        return any(
            name in shown
            and shown[name].aliases.get(alias) != self.observations.names((name, alias))
            for name, alias in aliases
        )

    def recall(self, key: Key) -> None:
        """An alias that is wanted only now, as the last search showed it."""
        shown = self.models.shown.get(key[0])
        if key in self.observations.aliases or shown is None or self.searched is None:
            return
        if key[1] in shown.aliases:
            self.observations.set_alias(key, shown, self.searched, answered=self.searched)

    def adopt(self, key: Key, content: Content) -> None:
        """See ``reading``; kept until the version's folder is known."""
        self._kept[key] = content

    def doubt(self, key: Key) -> None:
        """See ``reading``."""
        for root in self.roots([key]):
            self.reading.doubt(root)

    def roots(self, keys: Iterable[Key]) -> set[str]:
        """The folders of these versions' files, as far as they are known."""
        known = (self._answered[key][0] for key in keys if key in self._answered)
        return {one.detail.root for one in known if isinstance(one.detail.root, str)}

    def identity(self) -> RegistryIdentity | None:
        return None if self.searched is None else self.models.identity()

    def unanswered(self) -> Unseen:
        """Why nothing is known of something that no round has answered."""
        return Unseen(self.trouble or _NOT_POLLED, self.tried)

    async def close(self) -> None:
        await self.reading.close()
        await self.server.close()

    def _failed(self, wanted: Wanted, why: Why, began: float) -> None:
        self.trouble = why
        for key in wanted.aliases:
            self.observations.alias_trouble(key, why, began)
        for key in wanted.versions | self.observations.named(wanted.aliases):
            self.observations.version_trouble(key, why, began)

    def _publish(
        self,
        due: Wanted,
        models: Mapping[str, ModelAnswer],
        misspelled: Mapping[Key, StagingMirrorError],
        answers: Mapping[Key, Answer],
        began: float,
    ) -> None:
        """Without a pause in between: an alias and the version that it names change together."""
        self.trouble, self.searched = None, began
        for key, answer in answers.items():
            self._publish_version(key, answer, began)
        for key in due.aliases:
            if key[0] in models:
                self._publish_alias(key, misspelled.get(key, models[key[0]]), began)

    def _forget_others(self, wanted: Wanted) -> None:
        still = wanted.versions | self.observations.named(wanted.aliases)
        self.observations.keep(wanted.aliases, still)
        self._versions.keep(still)
        self._answered = {key: one for key, one in self._answered.items() if key in still}
        self.reading.tend(dict.fromkeys(self.roots(still)))

    def _publish_alias(self, key: Key, answer: ModelAnswer, began: float) -> None:
        if isinstance(answer, StagingMirrorError):
            self.observations.alias_trouble(key, Why(answer.reason, answer.message), began)
        else:
            self.observations.set_alias(key, answer, began, answered=self._clock())

    def _publish_version(self, key: Key, answer: Answer, began: float) -> None:
        if isinstance(answer, StagingMirrorError):
            self.observations.version_trouble(key, Why(answer.reason, answer.message), began)
        elif answer is None:
            self._answered.pop(key, None)
            self.observations.set_version(key, None, began)
        else:
            self._answered[key] = answer, began
            self._publish_known(key, answer, began)

    def _publish_known(self, key: Key, known: KnownVersion, began: float) -> None:
        content, texts, trouble = self._content(key, known, began)
        if trouble is not None:
            # A part that is due was not answered: no new observation, the old one grows older.
            self.observations.version_trouble(key, trouble, began)
        else:
            found = described(known, texts, content, skew=self.server.skew)
            self.observations.set_version(key, found, began)

    def _content(
        self, key: Key, known: KnownVersion, began: float
    ) -> tuple[Content | Unseen, Texts, Why | None]:
        if known.record.status != "READY":
            why = Why(Reason.NOT_READY, "the registry reports that the version is not ready yet")
            return Unseen(why, began), Texts(), None
        if isinstance(known.detail.root, Why):
            return Unseen(known.detail.root, began), Texts(), None
        if key in self._kept:
            self.reading.adopt(known.detail.root, self._kept.pop(key))
        return self.reading.shown(known.detail.root)

    def _reread(self, root: str) -> None:
        for key, (known, began) in list(self._answered.items()):
            if known.detail.root == root:
                self._publish_known(key, known, began)


def _named_by(models: Mapping[str, ModelAnswer], aliases: Iterable[Key]) -> set[Key]:
    named = set()
    for name, alias in aliases:
        answer = models.get(name)
        if isinstance(answer, RegisteredModel) and alias in answer.aliases:
            named.add((name, answer.aliases[alias]))
    return named
