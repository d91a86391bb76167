"""The client of each endpoint of all environments, as its spec and its Secret say now."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.endpoint import Endpoint
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NeedsHuman
from stagingmirror.settings import Settings
from stagingmirror.sources.endpoint.address import Address, address_of
from stagingmirror.sources.endpoint.client import EndpointClient
from stagingmirror.sources.endpoint.login import Login, login_of
from stagingmirror.sources.endpoint.rate import Rate
from stagingmirror.sources.source import Access, SecretsUse

# Environment, operation, result, seconds.
OnServerCall = Callable[[str, str, str, float], None]
# An environment and the name of an endpoint in it.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """A client, or why there is none, and what it was made of."""

    client: EndpointClient | Why
    of: tuple[Endpoint, Login] = field(repr=False)
    digest: str


class EndpointClients:
    def __init__(
        self, *, clock: Callable[[], float], settings: Settings, on_call: OnServerCall
    ) -> None:
        self._clock = clock
        self._settings = settings
        self._on_call = on_call
        self._made: dict[Key, Made] = {}
        # Of one address, whatever it is called and by which environment.
        self._rates: dict[Address, Rate] = {}
        self._closing: list[EndpointClient] = []

    def get(self, key: Key) -> Made | None:
        return self._made.get(key)

    def secret(self, spec: MirrorEnvironmentSpec) -> SecretsUse | None:
        references = (each.credentials_secret_ref for each in spec.endpoints)
        names = {each.name for each in references if each is not None}
        return SecretsUse(tuple(sorted(names))) if names else None

    def configure(
        self,
        specs: Mapping[str, MirrorEnvironmentSpec],
        access: Mapping[str, Access | Why],
    ) -> None:
        meant = {(name, e.name): e for name, spec in specs.items() for e in spec.endpoints}
        for key in self._made.keys() - meant.keys():
            self._leave(key)
        self._set_rates(meant.values())
        for key, endpoint in meant.items():
            known = access.get(key[0])
            if known is not None or self.secret(specs[key[0]]) is None:
                self._configure(key, endpoint, known)

    def unusable(self, environment: str) -> Unseen | None:
        """Why one of its endpoints may be sent nothing; None: each may."""
        return next(
            (
                Unseen(made.client, self._clock())
                for (name, _), made in self._made.items()
                if name == environment and isinstance(made.client, Why)
            ),
            None,
        )

    async def close_former(self) -> None:
        while self._closing:
            await self._closing.pop().close()

    async def close(self) -> None:
        for made in self._made.values():
            self._retire(made)
        await self.close_former()

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
            self._made[key] = Made(login, (endpoint, Login()), "")
            return
        way = endpoint.connection, login
        if (known := self._made.get(key)) is not None and known.of == way:
            return
        self._leave(key)
        self._made[key] = Made(self._client(key, endpoint, login), way, _digest(way[0]))

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

    def _leave(self, key: Key) -> None:
        if (former := self._made.pop(key, None)) is not None:
            self._retire(former)

    def _retire(self, made: Made) -> None:
        if isinstance(made.client, EndpointClient):
            self._closing.append(made.client)


def _digest(endpoint: Endpoint) -> str:
    """Another one for another server, or another way to speak with it; not for another login."""
    way = endpoint.model_dump(include={"url", "protocol", "proxy_url"}, mode="json")
    return hashlib.sha256(repr(sorted(way.items())).encode()).hexdigest()
