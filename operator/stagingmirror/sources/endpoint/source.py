"""What is known of the endpoints of all environments."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypeVar

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.endpoint import Endpoint, endpoint_named
from stagingmirror.api.types.duration import seconds
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.places import Place
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.endpoint.address import Address, address_of
from stagingmirror.sources.endpoint.client import EndpointClient
from stagingmirror.sources.endpoint.login import Login, login_of
from stagingmirror.sources.endpoint.rate import Rate
from stagingmirror.sources.endpoint.readings import Examples, Pair, ParityReadings
from stagingmirror.sources.endpoint.samples import Keep, Lines, SampleTexts
from stagingmirror.sources.endpoint.side import Side
from stagingmirror.sources.endpoint.subjects import EndpointSamples, ParitySubject
from stagingmirror.sources.pause import Pause
from stagingmirror.sources.proofs import all_proven
from stagingmirror.sources.source import Access, SecretsUse
from stagingmirror.view import Observed, Subject

T = TypeVar("T")
# Environment, operation, result, seconds.
OnServerCall = Callable[[str, str, str, float], None]
# An environment and the name of an endpoint in it.
Key = tuple[str, str]

# Seconds between two looks at what is due, and for one request of samples by hand.
_TICK, _WITHIN = 1.0, 3600.0


@dataclass(frozen=True, slots=True)
class _Made:
    """A client, or why there is none, and what it was made of."""

    client: EndpointClient | Why
    of: tuple[Endpoint, Login] = field(repr=False)
    digest: str


class EndpointSource:
    """``on_change`` is called with each wanted subject whose answer changed. ``keep`` gives the
    texts of samples, ``examples`` the input example of an environment's model.
    """

    name: ClassVar[str] = "endpoint"
    subjects: ClassVar[frozenset[type]] = frozenset({ParitySubject})
    places: ClassVar[frozenset[type]] = frozenset()
    polled: ClassVar[bool] = True

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        on_change: Callable[[ParitySubject], None],
        settings: Settings,
        on_call: OnServerCall,
        keep: Keep,
        examples: Examples,
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._on_call = on_call
        self._specs: dict[str, MirrorEnvironmentSpec] = {}
        self._made: dict[Key, _Made] = {}
        # Of one address, whatever it is called and by which environment.
        self._rates: dict[Address, Rate] = {}
        self._texts = SampleTexts(keep)
        self._wanted: set[ParitySubject] = set()
        self._readings = ParityReadings(
            clock=clock, changed=on_change, pair_of=self._pair, examples=examples
        )
        self._closing: list[EndpointClient] = []
        self._pause = Pause()

    def secret(self, spec: MirrorEnvironmentSpec) -> SecretsUse | None:
        references = (each.credentials_secret_ref for each in spec.endpoints)
        names = {each.name for each in references if each is not None}
        return SecretsUse(tuple(sorted(names))) if names else None

    def configure(
        self,
        specs: Mapping[str, MirrorEnvironmentSpec],
        access: Mapping[str, Access | Why],
    ) -> None:
        self._specs = {name: spec for name, spec in specs.items() if spec.endpoints}
        meant = {(name, e.name): e for name, spec in self._specs.items() for e in spec.endpoints}
        for key in self._made.keys() - meant.keys():
            self._leave(key)
        self._set_rates(meant.values())
        for key, endpoint in meant.items():
            known = access.get(key[0])
            if known is not None or self.secret(self._specs[key[0]]) is None:
                self._configure(key, endpoint, known)
        self._texts.forget(frozenset(self._specs))
        self._pause.end()

    def _set_rates(self, endpoints: Iterable[Endpoint]) -> None:
        """Of each address the least that one of its environments says it bears."""
        borne: dict[Address, int] = {}
        for each in endpoints:
            address, most = address_of(each.url), each.max_requests_per_second
            borne[address] = min(most, borne.get(address, most))
        self._rates = {address: self._rates.get(address) or Rate() for address in borne}
        for address, most in borne.items():
            self._rates[address].per_second = float(most)

    def _configure(self, key: Key, endpoint: Endpoint, access: Access | Why | None) -> None:
        login = login_of(endpoint, access)
        if isinstance(login, Why):
            self._leave(key)
            self._made[key] = _Made(login, (endpoint, Login()), "")
            return
        way = endpoint.connection, login
        if (known := self._made.get(key)) is not None and known.of == way:
            return
        self._leave(key)
        self._made[key] = _Made(self._client(key, endpoint, login), way, _digest(way[0]))

    def _client(self, key: Key, endpoint: Endpoint, login: Login) -> EndpointClient | Why:
        try:
            return EndpointClient(
                endpoint,
                login,
                rate=self._rates[address_of(endpoint.url)],
                connections=self._settings.upstream_connections,
                on_call=partial(self._on_call, key[0]),
            )
        except NeedsHuman as error:
            return Why(error.reason, error.message)

    def answers(self, environment: str) -> Observed[str] | Unseen | None:
        """Of endpoints that nobody may be sent anything: others are sent samples when due only."""
        return next(
            (
                Unseen(made.client, self._clock())
                for (name, _), made in self._made.items()
                if name == environment and isinstance(made.client, Why)
            ),
            None,
        )

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        if not isinstance(subject, ParitySubject):
            raise LookupError(f"{subject} is of another source")
        found: Observed[Any] | Unseen = self._readings.get(subject)
        return found

    def want(self, subject: ParitySubject, period: float) -> None:
        """``period`` is that of the mirror's checks; samples have an interval of their own."""
        self._wanted.add(subject)
        self._pause.end()

    def unwant(self, subject: ParitySubject) -> None:
        self._wanted.discard(subject)

    def same_place(self, one: Place, other: Place) -> bool | None:
        raise LookupError("nothing is written at an endpoint")

    async def prove(
        self, subjects: Iterable[ParitySubject], *, since: float, read_bytes: bool
    ) -> None:
        """Samples are sent again with ``read_bytes`` alone."""
        if read_bytes:
            probes = [self._readings.prove(each, since=since) for each in subjects]
            await all_proven(probes, within=_WITHIN, what="endpoints")

    def export(self) -> Mapping[str, Mapping[str, Any] | None]:
        return self._readings.export(self._wanted)

    def adopt(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        self._readings.adopt(entries)

    async def run(self) -> None:
        try:
            while True:
                self._readings.tend(self._wanted)
                while self._closing:
                    await self._closing.pop().close()
                await self._pause.sleep(_TICK)
        finally:
            await self._readings.close()
            for made in self._made.values():
                self._retire(made)
            for client in self._closing:
                await client.close()

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
        return no_endpoint(of) if spec is None else self._texts.get(of, spec)

    def _side(self, of: EndpointSamples, lines: Lines) -> Side | Why:
        made = self._made.get((of.environment, of.endpoint))
        if made is None:
            return no_endpoint(of)
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

    def _leave(self, key: Key) -> None:
        if (former := self._made.pop(key, None)) is not None:
            self._retire(former)

    def _retire(self, made: _Made) -> None:
        if isinstance(made.client, EndpointClient):
            self._closing.append(made.client)


def no_endpoint(of: EndpointSamples) -> Why:
    return Why(
        Reason.NO_ENDPOINT,
        f'environment "{of.environment}" has no endpoints entry {of.endpoint}; ask its owner to '
        "add it, or correct the name.",
    )


def _digest(endpoint: Endpoint) -> str:
    """Another one for another server, or another way to speak with it; not for another login."""
    way = endpoint.model_dump(include={"url", "protocol", "proxy_url"}, mode="json")
    return hashlib.sha256(repr(sorted(way.items())).encode()).hexdigest()
