"""Reads rows of a table by their keys, to be compared with those of another; no text comes here."""

import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg

from stagingmirror.errors import NotSupported
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.pgvector.catalog import Column, Table
from stagingmirror.sources.index.pgvector.names import quoted
from stagingmirror.sources.index.samples import Document

# Types of keys that a text is cast to, so that an index finds the row.
_KEYS = {
    "int2": "int2",
    "int4": "int4",
    "int8": "int8",
    "text": "text",
    "varchar": "text",
    "uuid": "uuid",
}
_NUMBER = re.compile(r"[-+]?[0-9.]+(?:e[-+]?[0-9]+)?|NaN|[-+]?Infinity", re.IGNORECASE)


def key_of(table: Table) -> Column:
    key = table.key
    if key is None or key.type not in _KEYS or not key.is_builtin:
        raise NotSupported(
            Reason.NOT_SUPPORTED,
            f"{table.name} has no primary key of one column of type {', '.join(_KEYS)}, so that no "
            "sample of it can be read twice; add one",
        )
    return key


async def rows_of(connection: Any, table: Table, ids: list[str], within: float) -> list[Any]:
    """By functions of PostgreSQL's and pgvector's own alone. A whole row is made a text by what
    its types have for output; a cast of a type could be code of its owner.
    """
    key = key_of(table)
    fields, vectors = ["t.%I"] * len(_others(table)), ["t.%I::text"] * len(table.vectors)
    statement = (
        "SELECT t.%I::text AS key, encode(sha256(convert_to("  # noqa: S608
        f"ROW({', '.join(fields)})::text, 'UTF8')), 'hex') "
        f"AS fields, ARRAY[{', '.join(vectors)}]::text[] AS vectors FROM %I.%I AS t WHERE t.%I"
    )
    names = [each.name for each in (key, *_others(table), *table.vectors)]
    values = (*names, *table.name, key.name)
    text = await quoted(connection, f"{statement} = ANY($1::text[]::{_KEYS[key.type]}[])", *values)
    # One of the texts may be no key: then there is no such row, and the others are found by text.
    with suppress(asyncpg.DataError):
        async with connection.transaction():
            found: list[Any] = await connection.fetch(text, ids, timeout=within)
            return found
    text = await quoted(connection, f"{statement}::text = ANY($1::text[])", *values)
    rows: list[Any] = await connection.fetch(text, ids, timeout=within)
    return rows


def _others(table: Table) -> list[Column]:
    """All columns but those of vectors, by name: the sides may have them in another order."""
    return sorted(set(table.columns) - set(table.vectors), key=_by_name)


def documents_in(table: Table, rows: Sequence[Any]) -> dict[str, Document]:
    return {each["key"]: _document(table, each) for each in rows}


def _document(table: Table, row: Any) -> Document:
    """Which places of a sparse vector have a value is no number that may differ a little."""
    kept, vectors = [row["fields"], *map(_by_name, _others(table))], {}
    for column, text in zip(table.vectors, row["vectors"], strict=True):
        if text is None:
            continue
        numbers = _numbers(column, text)
        if column.type == "sparsevec":
            kept.append((column.name, numbers[-1], numbers[:-1:2]))
            numbers = numbers[1:-1:2]
        vectors[column.name] = numbers
    return Document(f"sha256:{hashlib.sha256(repr(kept).encode()).hexdigest()}", vectors)


def _by_name(column: Column) -> str:
    return column.name


def _numbers(column: Column, text: str) -> tuple[float, ...]:
    """``[1,2]``, ``{1:0.5,7:2}/1000`` of a sparse one: place, value, …, dimensions; bits."""
    if column.is_bits:
        return tuple(map(float, text))
    return tuple(map(float, _NUMBER.findall(text)))
