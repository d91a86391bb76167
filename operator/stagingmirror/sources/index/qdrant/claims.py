"""What our own token says that it may do.

A token of Qdrant with rights of its own is a JWT whose claim ``access`` is ``r`` or ``m`` for all
collections, or a list of collections. Names of aliases count as names of collections: of an alias
that the list does not have, nothing is shown. The signature is the server's to verify.
"""

import base64
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from stagingmirror.sources.source import Credentials, Token


class _Entry(BaseModel):
    collection: str
    access: str
    payload: dict[str, Any] | None = None
    """Points that it lets see, by their payload; older releases had it."""


class _Claims(BaseModel):
    access: Literal["r", "m"] | Annotated[tuple[_Entry, ...], Field(max_length=10_000)] = "m"


_CLAIMS = TypeAdapter(_Claims)


@dataclass(frozen=True, slots=True)
class Rights:
    """``collections``: None, all. ``may_write``: None, not known. ``filtered``: those of which only
    some points may be seen.
    """

    collections: frozenset[str] | None
    may_write: bool | None
    filtered: frozenset[str] = frozenset()

    def shows(self, alias: str) -> bool:
        return self.collections is None or alias in self.collections


def rights_of(credentials: Credentials | None) -> Rights:
    """Of a key that is no JWT only the server knows what it may; without any, everybody may all."""
    if credentials is None:
        return Rights(None, may_write=True)
    if not isinstance(credentials, Token) or (claims := _claims(credentials.token)) is None:
        return Rights(None, may_write=None)
    if isinstance(claims.access, str):
        return Rights(None, may_write=claims.access == "m")
    return Rights(
        frozenset(each.collection for each in claims.access),
        may_write=any(each.access != "r" for each in claims.access),
        filtered=frozenset(each.collection for each in claims.access if each.payload is not None),
    )


def _claims(token: str) -> _Claims | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        text = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return _CLAIMS.validate_python(json.loads(text))
    except (ValueError, ValidationError, RecursionError):
        return None
