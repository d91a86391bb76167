"""Indexes that are tables of PostgreSQL with a column of vectors (pgvector).

An alias is a view that shows the columns of one table, which is its target; both are called
``schema.name``, or ``name`` where the schema is ``public``, exactly as PostgreSQL has them. A
snapshot is a table whose COMMENT is JSON with ``snapshot`` and ``builtAt``.
"""
