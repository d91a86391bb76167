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
        """As ``name_of`` reads it again."""
        is_plain = self.schema == _PUBLIC and "." not in self.table
        return self.table if is_plain else f"{self.schema}.{self.table}"


def name_of(text: str) -> Name:
    """Raises Refused where it can be none, or is another spelling of one."""
    schema, dot, table = text.partition(".")
    found = Name(schema, table) if dot else Name(_PUBLIC, text)
    if dot and str(found) != text:
        raise Refused(Reason.BAD_REQUEST, f"the schema public is left out; write {table!a:.150}")
    if any(not part or len(part.encode()) > _LONGEST or "\0" in part for part in found):
        raise Refused(
            Reason.BAD_REQUEST,
            f"{text!a:.150} cannot be the name of a table: write table, or schema.table, each of at"
            f" most {_LONGEST} bytes",
        )
    return found


def seen(schema: str, table: str) -> Name:
    """As the catalog has it. Raises Refused where no text names it."""
    if "." in schema:
        raise Refused(
            Reason.BAD_REQUEST,
            f"{schema!a:.80} has a point in its name, and such a schema cannot be named",
        )
    return Name(schema, table)


async def quoted(connection: Any, statement: str, *values: str) -> str:
    """``%I`` is a name, ``%L`` a text, as in PostgreSQL's ``format``."""
    found: str = await connection.fetchval(
        "SELECT pg_catalog.format($1, VARIADIC $2::text[])", statement, list(values)
    )
    return found
