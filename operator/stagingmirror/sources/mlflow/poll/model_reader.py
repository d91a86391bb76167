"""The registered models of one server that are wanted, with all their aliases."""

from collections.abc import Callable, Collection, Iterable, Mapping

from stagingmirror.errors import StagingMirrorError
from stagingmirror.sources.mlflow.client import queries
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import RegisteredModel
from stagingmirror.sources.mlflow.poll.identity import (
    Evidence,
    ModelIdentity,
    RegistryIdentity,
    Span,
)
from stagingmirror.sources.mlflow.poll.version_cache import Key, is_silence

# Names that are requested because they may distinguish this registry from another.
_MOST_WITNESSES = 50

# None: there is no such registered model, and the server confirmed it.
ModelAnswer = RegisteredModel | None | StagingMirrorError


class ModelReader:
    def __init__(self, server: MlflowServer, clock: Callable[[], float]) -> None:
        self._server = server
        self._clock = clock
        # As the last good search showed them.
        self.shown: dict[str, RegisteredModel] = {}
        self._evidence = Evidence()
        self._witnesses: set[str] = set()
        self._models: dict[str, RegisteredModel] = {}
        self._began: float | None = None
        self._identity: RegistryIdentity | None = None

    def witness(self, names: Iterable[str]) -> None:
        """Request these models too, from the next round on."""
        for name in names:
            if len(self._witnesses) < _MOST_WITNESSES:
                self._witnesses.add(name)

    async def read(
        self, aliases: Collection[Key], *, wanted: Collection[str]
    ) -> dict[str, ModelAnswer]:
        """One search for all that is ``wanted``; what it does not show of ``aliases`` is requested
        directly. Raises where the server does not answer.
        """
        began = self._clock()
        self.shown = await queries.search_registered_models(self._server, wanted)
        models: dict[str, ModelAnswer] = dict(self.shown)
        for name, alias in aliases:
            shown = self.shown.get(name)
            if shown is None or alias not in shown.aliases:
                models[name] = await self._one(name)
        for name in self._witnesses - models.keys():
            models[name] = await self._one(name)
        self._note(models, {*wanted, *self._witnesses}, Span(began, self._clock()))
        return models

    async def once_more(
        self, models: dict[str, ModelAnswer], new: Iterable[Key], aliases: Collection[Key]
    ) -> dict[str, ModelAnswer]:
        """The models without each of which an alias has moved since it was requested first. As in
        ``read``, several are searched for at once: at a start all of them are new.
        """
        settled = dict(models)
        names = {name for name, _ in new}
        shown = (
            await queries.search_registered_models(self._server, names) if len(names) > 1 else {}
        )
        for name in names:
            first, last = models[name], shown.get(name) or await self._one(name)
            ours = {alias for model, alias in aliases if model == name}
            if isinstance(last, StagingMirrorError):
                settled[name] = last
            elif _targets(first, ours) != _targets(last, ours):
                del settled[name]
        return settled

    async def misspelled(
        self, models: Mapping[str, ModelAnswer], aliases: Iterable[Key]
    ) -> dict[Key, StagingMirrorError]:
        """The aliases that the server holds under another spelling."""
        found = {}
        for key in aliases:
            model = models.get(key[0])
            if isinstance(model, RegisteredModel):
                try:
                    await queries.refuse_misspelled(self._server, model, key[1])
                except StagingMirrorError as error:
                    if is_silence(error):
                        raise
                    found[key] = error
        return found

    def identity(self) -> RegistryIdentity | None:
        """One object per round: read in each pass of each mirror."""
        if self._began is None:
            return None
        if self._identity is None:
            self._identity = RegistryIdentity(
                {n: ModelIdentity(m.created, m.versions) for n, m in self._models.items()},
                self._evidence.noted,
                self._began,
            )
        return self._identity

    def _note(self, models: Mapping[str, ModelAnswer], kept: set[str], span: Span) -> None:
        self._models = {n: m for n, m in models.items() if isinstance(m, RegisteredModel)}
        found: dict[str, int | None] = {}
        for name in kept & models.keys():
            answer = models[name]
            if not isinstance(answer, StagingMirrorError):
                found[name] = None if answer is None else answer.created
        self._evidence.note(found, span, kept=kept)
        self._began, self._identity = span.began, None

    async def _one(self, name: str) -> ModelAnswer:
        try:
            return await queries.unless_gone(queries.get_registered_model(self._server, name))
        except StagingMirrorError as error:
            if is_silence(error):
                raise
            return error


def _targets(answer: ModelAnswer, aliases: set[str]) -> dict[str, str | None]:
    if not isinstance(answer, RegisteredModel):
        return {}
    return {alias: answer.aliases.get(alias) for alias in aliases}
