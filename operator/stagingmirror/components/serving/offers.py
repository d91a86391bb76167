"""What both environments offer of command lines and variables."""

from dataclasses import dataclass

from stagingmirror.api.spec.offers import OfferList
from stagingmirror.component import Sides
from stagingmirror.reading.offers import Consent, Named, consent
from stagingmirror.sources.kubernetes.subjects import Container

# In ``comparable.arguments``: a script that starts a server, as one text.
SCRIPT = "script"


@dataclass(frozen=True, slots=True)
class Offered:
    sides: Sides

    def argument(self, flag: str) -> Consent | None:
        return self._of("arguments", flag)

    @property
    def script(self) -> bool:
        """Whether it may be compared. It is never shown."""
        both = (self.sides.production, self.sides.staging)
        return all(SCRIPT in each.spec.comparable.arguments for each in both)

    def config_map(self, name: str) -> bool:
        """Whether what is in it may be shown."""
        return self._of("config_maps", name) == "readable"

    def variables(self, container: Container) -> dict[str, str | None]:
        """The values that may be shown, as its program gets them; None: it may not, or is not
        known here.
        """
        return {name: self._value(container, name) for name in container.variables}

    def _value(self, container: Container, name: str) -> str | None:
        if self._of("variables", name) != "readable":
            return None
        variable = container.variables[name]
        parts = (self._of("variables", each) for each in variable.made_from)
        return variable.value if all(each == "readable" for each in parts) else None

    def _of(self, which: OfferList, name: str) -> Consent | None:
        both = (self.sides.production, self.sides.staging)
        return consent(Named(each, which, name) for each in both)
