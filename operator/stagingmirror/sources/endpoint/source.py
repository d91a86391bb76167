"""What is known of the endpoints of all environments."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeVar, cast

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.endpoint import endpoint_named
from stagingmirror.api.types.duration import seconds
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.places import Place
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.endpoint.answers import Answers, Reach
from stagingmirror.sources.endpoint.client import Side
from stagingmirror.sources.endpoint.clients import EndpointClients, OnServerCall
from stagingmirror.sources.endpoint.readings import Examples, Pair, ParityReadings
from stagingmirror.sources.endpoint.samples import Keep, Lines, SampleTexts
from stagingmirror.sources.endpoint.subjects import (
    AnswerSubject,
    EndpointSamples,
    ParitySubject,
)
from stagingmirror.sources.pause import Pause
from stagingmirror.sources.proofs import all_proven
from stagingmirror.sources.source import Access, SecretsUse
from stagingmirror.view import Observed, Subject

T = TypeVar("T")
# Seconds between two looks at what is due, and for one request of samples by hand.
_TICK, _WITHIN = 1.0, 3600.0


class EndpointSource:
    """``on_change`` is called with each wanted subject whose answer changed. ``keep`` gives the
    texts of samples, ``examples`` the input example of an environment's model.
    """

    name: ClassVar[str] = "endpoint"
    subjects: ClassVar[frozenset[type]] = frozenset({ParitySubject, AnswerSubject})
    places: ClassVar[frozenset[type]] = frozenset()
    polled: ClassVar[bool] = True

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        on_change: Callable[[ParitySubject | AnswerSubject], None],
        settings: Settings,
        on_call: OnServerCall,
        keep: Keep,
        examples: Examples,
    ) -> None:
        self._specs: dict[str, MirrorEnvironmentSpec] = {}
        self._clients = EndpointClients(clock=clock, settings=settings, on_call=on_call)
        self._texts = SampleTexts(keep)
        self._wanted: set[ParitySubject] = set()
        self._readings = ParityReadings(
            clock=clock, changed=on_change, pair_of=self._pair, examples=examples
        )
        self._answers = Answers(clock=clock, reach=self._reach, changed=on_change)
        self._pause = Pause()

    def secret(self, spec: MirrorEnvironmentSpec) -> SecretsUse | None:
        return self._clients.secret(spec)

    def configure(
        self,
        specs: Mapping[str, MirrorEnvironmentSpec],
        access: Mapping[str, Access | Why],
    ) -> None:
        self._specs = {name: spec for name, spec in specs.items() if spec.endpoints}
        self._clients.configure(self._specs, access)
        self._texts.forget(frozenset(self._specs))
        self._pause.end()

    def answers(self, environment: str) -> Observed[str] | Unseen | None:
        """Of endpoints that nobody may be sent anything: others are sent samples when due only."""
        return self._clients.unusable(environment)

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        of: Any = subject  # its type says which answer it has
        if isinstance(of, ParitySubject):
            return cast("Observed[T] | Unseen", self._readings.get(of))
        if isinstance(of, AnswerSubject):
            return cast("Observed[T] | Unseen", self._answers.get(of))
        raise LookupError(f"{subject} is of another source")

    def want(self, subject: ParitySubject | AnswerSubject, period: float) -> None:
        """``period`` is that of the mirror's checks; samples have an interval of their own."""
        if isinstance(subject, AnswerSubject):
            self._answers.want(subject, period)
        else:
            self._wanted.add(subject)
        self._pause.end()

    def unwant(self, subject: ParitySubject | AnswerSubject) -> None:
        if isinstance(subject, AnswerSubject):
            self._answers.unwant(subject)
        else:
            self._wanted.discard(subject)

    def same_place(self, one: Place, other: Place) -> bool | None:
        raise LookupError("nothing is written at an endpoint")

    async def prove(
        self,
        subjects: Iterable[ParitySubject | AnswerSubject],
        *,
        since: float,
        read_bytes: bool,
    ) -> None:
        """Samples are sent again with ``read_bytes`` alone."""
        answers = [each for each in subjects if isinstance(each, AnswerSubject)]
        probes = [self._answers.prove(answers, since=since, least=self._least_pause)]
        if read_bytes:
            sent = (each for each in subjects if isinstance(each, ParitySubject))
            probes += [self._readings.prove(each, since=since) for each in sent]
        await all_proven(probes, within=_WITHIN, what="endpoints")

    def export(self) -> Mapping[str, Mapping[str, Any] | None]:
        return self._readings.export(self._wanted)

    def adopt(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        self._readings.adopt(entries)

    async def run(self) -> None:
        try:
            while True:
                self._readings.tend(self._wanted)
                self._answers.tend()
                await self._clients.close_former()
                await self._pause.sleep(_TICK)
        finally:
            await self._answers.close()
            await self._readings.close()
            await self._clients.close()

    def _reach(self, subject: AnswerSubject) -> Reach | Why:
        spec = self._specs.get(subject.environment)
        found = None if spec is None else endpoint_named(subject.endpoint, spec.endpoints)
        made = self._clients.get((subject.environment, subject.endpoint))
        if found is None or made is None:
            return no_endpoint(subject.environment, subject.endpoint)
        if isinstance(made.client, Why):
            return made.client
        return Reach(made.client, found.pointers)

    def _least_pause(self, environment: str) -> float:
        spec = self._specs.get(environment)
        return 0.0 if spec is None else seconds(spec.min_check_interval)

    def _pair(self, subject: ParitySubject) -> Pair | Why:
        lines = self._lines(subject.production)
        theirs = self._lines(subject.staging) if subject.staging.samples else lines
        for each in (lines, theirs):
            if isinstance(each, Why):
                return each
        assert isinstance(lines, Lines)
        assert isinstance(theirs, Lines)
        if len(lines.lines) != len(theirs.lines):
            return Why(
                Reason.SAMPLES_INVALID,
                f"samples {subject.production.samples} of {subject.production} have "
                f"{len(lines.lines)} lines, and {subject.staging.samples} of {subject.staging} "
                f"{len(theirs.lines)}; they are paired line by line.",
            )
        production = self._side(subject.production, lines)
        staging = self._side(subject.staging, theirs)
        if isinstance(production, Why):
            return production
        if isinstance(staging, Why):
            return staging
        if production.protocol != staging.protocol:
            return Why(
                Reason.NOT_COMPARABLE,
                f"{subject.production} speaks {production.protocol}, and {subject.staging} "
                f"{staging.protocol}; answers of two protocols are not compared.",
            )
        if production.client.way == staging.client.way:
            return Why(
                Reason.SAME_THING,
                f"{subject.production} and {subject.staging} are one address, so that it would be "
                "compared with itself; correct url of staging's.",
            )
        of = hashlib.sha256(f"{production.digest} {staging.digest}".encode()).hexdigest()
        return Pair(production, staging, of, max(production.least, staging.least))

    def _lines(self, of: EndpointSamples) -> Lines | Why:
        if of.example is not None:  # read when they are sent
            return Lines("/".join(of.example), ())
        spec = self._specs.get(of.environment)
        return (
            no_endpoint(of.environment, of.endpoint) if spec is None else self._texts.get(of, spec)
        )

    def _side(self, of: EndpointSamples, lines: Lines) -> Side | Why:
        made = self._clients.get((of.environment, of.endpoint))
        if made is None:
            return no_endpoint(of.environment, of.endpoint)
        if isinstance(made.client, Why):
            return made.client
        return Side(
            made.client,
            made.of[0].protocol,
            lines.lines,
            f"{made.digest} {lines.digest}",
            self._least_interval(of),
        )

    def _least_interval(self, of: EndpointSamples) -> float:
        found = endpoint_named(of.endpoint, self._specs[of.environment].endpoints)
        assert found is not None, "it was made of one"
        return seconds(found.min_interval)


def no_endpoint(environment: str, endpoint: str) -> Why:
    return Why(
        Reason.NO_ENDPOINT,
        f'environment "{environment}" has no endpoints entry {endpoint}; ask its owner to add it, '
        "or correct the name.",
    )
