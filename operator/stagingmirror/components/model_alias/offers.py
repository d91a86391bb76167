"""What both admins allow of a model alias: the model with its bytes, its tag, each parameter."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.track.model_alias import ModelAlias
from stagingmirror.component import Side, Sides
from stagingmirror.components.model_alias.names import alias_in, loaders_in
from stagingmirror.reading.offers import Consent, Named, consent, readable_grants
from stagingmirror.view import View

Logged = Literal["tags", "parameters"]
_LOGGED: tuple[Logged, ...] = ("tags", "parameters")


@dataclass(frozen=True, slots=True)
class Offered:
    """One entry, as both environments allow it to be observed."""

    entry: ModelAlias
    sides: Sides

    def named(self) -> tuple[Named, ...]:
        """What the entry names and both admins must offer."""
        return (*self.models(), *self.tags(), *self._variables())

    def models(self) -> tuple[Named, ...]:
        return tuple(map(self.model, self._both))

    def model(self, side: Side) -> Named:
        return Named(side, "models", alias_in(self.entry, side).model)

    def tags(self) -> tuple[Named, ...]:
        tag = self.entry.data_snapshot_tag
        return () if tag is None else self.logged("tags", tag)

    def logged(self, which: Logged, name: str) -> tuple[Named, ...]:
        """A tag or parameter: both sides have it by one name."""
        return tuple(Named(side, which, name) for side in self._both)

    def grants(self) -> frozenset[Grant]:
        """That all of it stays readable, and so does every tag and parameter that is copied."""
        copied = (
            Named(side, which, name)
            for which in _LOGGED
            for side, names in zip(self._both, self.readable(which), strict=True)
            for name in names
        )
        return readable_grants([*self.named(), *copied])

    def readable(self, which: Logged) -> tuple[tuple[str, ...], ...]:
        """The lists of both sides: what each of them has may be copied."""
        return tuple(getattr(side.spec.readable, which) for side in self._both)

    @property
    def only_compared(self) -> bool:
        """Only whether the bytes are the same may be known."""
        return consent(self.models()) != "readable"

    def tag(self) -> Consent | None:
        return consent(self.tags())

    @property
    def any_parameters(self) -> bool:
        """Whether each side offers any."""
        return all(
            side.spec.readable.parameters or side.spec.comparable.parameters for side in self._both
        )

    def parameter(self, name: str) -> Consent | None:
        return consent(self.logged("parameters", name))

    def seal(self, view: View, fact: str, value: str) -> str:
        """Of what is only comparable."""
        return view.seal(self._place(fact), value, form="{value}")

    def hide(self, view: View, fact: str, value: str) -> str:
        """Of what is readable, and may hold a credential."""
        return view.hide(self._place(fact), value)

    def _place(self, fact: str) -> str:
        """Without the alias: several may name one version, and each would allow as many guesses."""
        production = self.sides.production
        model = alias_in(self.entry, production).model
        return f"{production.environment}: {fact} of registered model {model}"

    def _variables(self) -> Iterator[Named]:
        for side in self._both:
            for loader in loaders_in(self.entry, side):
                if loader.variable is not None and not loader.restart:
                    yield Named(side, "variables", loader.variable)

    @property
    def _both(self) -> tuple[Side, Side]:
        return self.sides.production, self.sides.staging
