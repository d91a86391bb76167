"""Who may do what in an object store."""

import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Account:
    """``variables`` are those of a Secret."""

    name: str
    actions: tuple[str, ...]
    key: str = field(default_factory=lambda: secrets.token_hex(10))
    secret: str = field(default_factory=lambda: secrets.token_hex(20), repr=False)

    @property
    def variables(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}
