"""Moves a view from one table to another, within a transaction that is open."""

from typing import Any

from stagingmirror.errors import ChangedUnderneath, NotAllowed, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.pgvector.names import Name, quoted
from stagingmirror.sources.index.pgvector.relations import Relation, find

_VIEW = """
SELECT coalesce(c.reloptions, '{}') AS options, pg_has_role(c.relowner, 'USAGE') AS is_ours,
  pg_get_userbyid(c.relowner) AS owner,
  ARRAY(SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
FROM pg_class c WHERE c.oid = $1::int8::oid
"""
_OWNER = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = $1::int8::oid"
# Options of a view that say nothing about who reads the table.
_OPTIONS = {"security_barrier=true", "security_barrier=on", "security_barrier=false"}


async def set_view(connection: Any, alias: Name, expected: str | None, new: Name) -> None:
    """Raises ChangedUnderneath, and Refused where it is no view of one table's columns alone."""
    found = await _locked(connection, alias)
    if found is None:
        if expected is not None:
            raise _moved(alias, expected, ())
        await connection.execute(
            await quoted(connection, "CREATE VIEW %I.%I AS SELECT * FROM %I.%I", *alias, *new)
        )
        return
    targets = found.targets
    if targets == (str(new),):
        return
    if expected is None or targets != (expected,):
        raise _moved(alias, expected, targets)
    view = await _movable(connection, alias, found)
    # Readers of the view read the table as its owner.
    await connection.execute(
        await quoted(connection, "GRANT SELECT ON %I.%I TO %I", *new, view["owner"])
    )
    columns = ", ".join(["%I"] * len(view["columns"]))
    options = f" WITH ({', '.join(view['options'])})" if view["options"] else ""
    text = await quoted(
        connection,
        f"CREATE OR REPLACE VIEW %I.%I{options} AS SELECT {columns} FROM %I.%I",  # noqa: S608
        *alias,
        *view["columns"],
        *new,
    )
    await connection.execute(text)


async def refuse_unmovable(connection: Any, alias: Name) -> bool:
    """Whether it is there. Raises Refused, and NotAllowed where it is another's."""
    found = await find(connection, alias)
    if found is None:
        return False
    _refuse_table(alias, found)
    if len(found.targets) == 1:
        await _movable(connection, alias, found)
    return True


async def unset_view(connection: Any, alias: Name, expected: str) -> None:
    """Raises ChangedUnderneath."""
    found = await _locked(connection, alias)
    if found is None:
        return
    targets = found.targets
    if targets != (expected,):
        raise _moved(alias, expected, targets)
    await connection.execute(await quoted(connection, "DROP VIEW %I.%I", *alias))


async def _locked(connection: Any, alias: Name) -> Relation | None:
    """None: it is not there. Raises Refused where it is no view."""
    found = await find(connection, alias)
    if found is None:
        return None
    _refuse_table(alias, found)
    # It changes nothing, and locks the view alone: LOCK TABLE wants rights on what it shows.
    owner = await connection.fetchval(_OWNER, found.oid)
    await connection.execute(
        await quoted(connection, "ALTER VIEW %I.%I OWNER TO %I", *alias, owner)
    )
    # Perhaps another one since.
    again = await find(connection, alias)
    if again is None or again.oid != found.oid:
        raise _moved(alias, None, ())
    return again


def _refuse_table(alias: Name, found: Relation) -> None:
    if not found.is_view:
        raise Refused(
            Reason.NOT_AN_ALIAS,
            f"{alias} is a table and no view, and only a view can be moved; rename it, and CREATE "
            "VIEW in its place",
        )


async def _movable(connection: Any, alias: Name, found: Relation) -> Any:
    """What the view is. Raises Refused, and NotAllowed where it is another's."""
    refuse_more_than_columns(alias, found)
    view = await connection.fetchrow(_VIEW, found.oid)
    _refuse_what_would_be_lost(alias, view["options"])
    if not view["is_ours"]:
        raise NotAllowed(
            Reason.FORBIDDEN,
            f"only its owner can move the view {alias}; ALTER VIEW {alias} OWNER TO our role",
        )
    return view


def refuse_more_than_columns(alias: Name, found: Relation) -> None:
    """Raises Refused where the view, as ``find`` has it, is no other name of its table."""
    if not found.shows_columns:
        raise Refused(
            Reason.NOT_AN_ALIAS,
            f"the view {alias} shows more or less than columns of one table (a condition, a limit, "
            "a join, an expression), and the table alone is compared and moved; make another view "
            "of it, above a plain one that is the alias",
        )


def _refuse_what_would_be_lost(alias: Name, options: list[str]) -> None:
    if not set(options) <= _OPTIONS:
        raise Refused(
            Reason.NOT_AN_ALIAS,
            f"the view {alias} has options (security_invoker, a check option) that would be lost; "
            "make another view of it, above a plain one that is the alias",
        )


def _moved(alias: Name, expected: str | None, found: tuple[str, ...]) -> ChangedUnderneath:
    return ChangedUnderneath(
        Reason.ALIAS_MOVED,
        f"{alias} shows {', '.join(found) or 'nothing'} and not {expected or 'nothing'} any more; "
        "it was left as it is",
    )
