"""Names of tables and views: exactly as PostgreSQL has them, never folded or looked up elsewhere.

Statements with names in them are put together by the server's own ``format``, which quotes them.
"""

from typing import Any, NamedTuple

from stagingmirror.errors import Refused
from stagingmirror.reasons import Reason

# Bytes, beyond which PostgreSQL cuts a name silently.
_LONGEST = 63
_PUBLIC = "public"


class Name(NamedTuple):
    schema: str
    table: str

    def __str__(self) -> str:
        return self.table if self.schema == _PUBLIC else f"{self.schema}.{self.table}"


def name_of(text: str) -> Name:
    """Raises Refused where it can be none."""
    schema, dot, table = text.partition(".")
    found = Name(schema, table) if dot else Name(_PUBLIC, text)
    if any(not part or len(part.encode()) > _LONGEST or "\0" in part for part in found):
        raise Refused(
            Reason.BAD_REQUEST,
            f"{text!a:.150} cannot be the name of a table: write table, or schema.table, each of at"
            f" most {_LONGEST} bytes",
        )
    return found


async def quoted(connection: Any, statement: str, *values: str) -> str:
    """``%I`` is a name, ``%L`` a text, as in PostgreSQL's ``format``."""
    found: str = await connection.fetchval(
        "SELECT pg_catalog.format($1, VARIADIC $2::text[])", statement, list(values)
    )
    return found
