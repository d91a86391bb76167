"""Tables in two real PostgreSQL servers, each test's in databases of its own."""

import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import asyncpg

from rig.stores.postgres import ADMIN, Postgres
from stagingmirror.sources.index.pgvector.database import Database, Limits, Login, address_of
from stagingmirror.sources.index.pgvector.reader import PgvectorReader
from stagingmirror.sources.index.pgvector.writer import PgvectorWriter
from support.index.ground import DIMENSIONS, MODEL, PLANTED, Side, Traits

PAGE = Path(__file__).parents[4] / "docs/index-stores/pgvector.md"
_LIMITS = Limits(call=2.0, reading=5.0, idle=5.0, building=60.0, lock=1.0)
_PASSWORD = "of-a-role"
Account = Literal["wrong", "no rights", "read only"]


def rights(side: Side) -> list[str]:
    """The statements of the page, for the schema and view of this ground."""
    blocks = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    text = blocks[0 if side == "production" else 1]
    return [each.strip() for each in re.sub("--.*", "", text).split(";") if each.strip()]


class PgvectorGround:
    """See ``Ground``."""

    traits = Traits(metric="cosine")

    def __init__(self, servers: tuple[Postgres, Postgres]) -> None:
        self._servers: dict[Side, Postgres] = {"production": servers[0], "staging": servers[1]}
        self._name = f"test_{secrets.token_hex(4)}"
        self.called: list[tuple[str, str]] = []
        """Operation and result of each session."""
        self.production = PgvectorReader(self._database("production", "mirror", reads_only=True))
        self.staging = PgvectorWriter(self._database("staging", "mirror"))
        self._others: list[PgvectorReader] = []

    def _called(self, operation: str, result: str, _: float) -> None:
        self.called.append((operation, result))

    async def begin(self) -> None:
        for side in self._servers:
            await self._prepare(side)
        await self.staging.identity()

    async def make(self, side: Side, name: str, documents: int) -> None:
        document = {
            "snapshot": f"{name} of {side}",
            "builtAt": "2026-11-26T04:00:00Z",
            "embeddingModel": MODEL,
        }
        comment = json.dumps(document).replace("'", "''")
        await self.execute(
            side,
            f'CREATE TABLE "{name}" (id bigint PRIMARY KEY, text varchar(200) NOT NULL, '
            f"embedding public.vector({DIMENSIONS}), meta jsonb, added timestamptz)",
            f"INSERT INTO \"{name}\" SELECT i, '{PLANTED} ' || i, (SELECT array_agg(sin(i * j)) "
            f"FROM generate_series(1, {DIMENSIONS}) j)::public.vector, "
            "jsonb_build_object('n', i), '2026-11-26T00:00:00Z' "
            f"FROM generate_series(1, {documents}) i",
            f'CREATE INDEX ON "{name}" USING hnsw (embedding vector_cosine_ops) WITH (m = 12)',
            f'CREATE INDEX ON "{name}" (added)',
            f"COMMENT ON TABLE \"{name}\" IS '{comment}'",
            f'GRANT SELECT ON "{name}" TO "{self._role("reader")}"',
        )

    async def half(self, name: str, documents: int) -> None:
        await self.make("production", name, documents)
        await self.execute(
            "production",
            "UPDATE pg_index SET indisvalid = false "
            f"WHERE indrelid = '\"{name}\"'::regclass AND NOT indisprimary",
        )

    async def point(self, side: Side, alias: str, *names: str) -> None:
        query = " UNION ALL ".join(f'SELECT * FROM "{each}"' for each in names)
        await self.execute(side, f'CREATE OR REPLACE VIEW "{alias}" AS {query}')
        await self.execute(side, f'GRANT SELECT ON "{alias}" TO "{self._role("reader")}"')
        if side == "staging":
            await self.execute(side, f'ALTER VIEW "{alias}" OWNER TO "{self._role("mirror")}"')

    async def edit(self, side: Side, name: str) -> None:
        await self.execute(side, f"UPDATE \"{name}\" SET text = 'other text'")

    def as_account(self, account: Account) -> PgvectorWriter:
        names = {"wrong": "mirror", "no rights": "nobody", "read only": "reader"}
        password = "wrong" if account == "wrong" else _PASSWORD
        made = PgvectorWriter(self._database("staging", names[account], password=password))
        made._system = self.staging._system
        self._others.append(made)
        return made

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[None]:
        self._servers["staging"].pause()
        try:
            yield
        finally:
            self._servers["staging"].resume()

    async def close(self) -> None:
        for each in (self.production, self.staging, *self._others):
            await each.close()
        for side in self._servers:
            await self._admin(side, f"DROP DATABASE {self._name} WITH (FORCE)", database=ADMIN)

    async def execute(self, side: Side, *statements: str) -> None:
        """As the administrator of the database."""
        await self._admin(side, *statements, database=self._name)

    async def on_small_disk(self, place: Path) -> None:
        """What ``staging`` makes from now on is there: a session has the settings of its start."""
        await self.staging.close()
        mirror = self._role("mirror")
        await self.execute(
            "staging",
            f"CREATE TABLESPACE small LOCATION '{place}'",
            f'GRANT CREATE ON TABLESPACE small TO "{mirror}"',
            f"ALTER ROLE \"{mirror}\" SET default_tablespace = 'small'",
        )

    async def _prepare(self, side: Side) -> None:
        await self._admin(side, f"CREATE DATABASE {self._name}", database=ADMIN)
        await self.execute(
            side,
            "CREATE EXTENSION vector",
            f"ALTER DATABASE {self._name} SET hnsw.ef_search = 80",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        )
        statements = [
            f"CREATE ROLE \"{self._role(role)}\" LOGIN PASSWORD '{_PASSWORD}'"
            for role in ("nobody", "reader")
        ]
        statements.append(f'GRANT USAGE ON SCHEMA public TO "{self._role("reader")}"')
        for statement in rights(side):
            if statement.startswith("ALTER VIEW"):
                continue  # of each alias, when there is one
            text = statement.replace("search", "public").replace("builder", ADMIN)
            text = text.replace("…", _PASSWORD)
            statements.append(text.replace("stagingmirror", f'"{self._role("mirror")}"'))
        await self.execute(side, *statements)

    def url(self, side: Side, host: str = "", port: int = 0) -> str:
        """Of its database; ``host`` and ``port`` of what stands before the server."""
        server = self._servers[side]
        return f"postgresql://{host or server.host}:{port or server.port}/{self._name}"

    def login(self, role: str = "mirror") -> Login:
        return Login(self._role(role), _PASSWORD)

    def as_administrator(self, side: Side) -> PgvectorReader:
        """Who may do anything, in sessions that only read."""
        return self._reader(self.url(side), Login(ADMIN, self._servers[side].password))

    def reader_at(self, host: str, port: int) -> PgvectorReader:
        """Production's, by way of what listens there."""
        return self._reader(self.url("production", host, port), self.login())

    def writer_at(self, host: str, port: int) -> PgvectorWriter:
        """Staging's, by way of what listens there."""
        address = address_of(self.url("staging", host, port), "url")
        database = Database(
            address,
            self.login(),
            tls=None,
            reads_only=False,
            limits=_LIMITS,
            on_call=self._called,
        )
        made = PgvectorWriter(database)
        self._others.append(made)
        return made

    def address(self, side: Side) -> tuple[str, int]:
        return self._servers[side].host, self._servers[side].port

    def _reader(self, url: str, login: Login) -> PgvectorReader:
        database = Database(
            address_of(url, "url"),
            login,
            tls=None,
            reads_only=True,
            limits=_LIMITS,
            on_call=self._called,
        )
        self._others.append(PgvectorReader(database))
        return self._others[-1]

    def _role(self, role: str) -> str:
        return f"{self._name}_{role}"

    def _database(
        self, side: Side, role: str, *, password: str = _PASSWORD, reads_only: bool = False
    ) -> Database:
        return Database(
            address_of(self.url(side), "url"),
            Login(self._role(role), password),
            tls=None,
            reads_only=reads_only,
            limits=_LIMITS,
            on_call=self._called,
        )

    @asynccontextmanager
    async def connected(self, side: Side, *, database: str = "") -> AsyncIterator[Any]:
        """A connection of the administrator's."""
        server = self._servers[side]
        connection = await asyncpg.connect(
            host=server.host,
            port=server.port,
            user=ADMIN,
            password=server.password,
            database=database or self._name,
            ssl=False,
        )
        try:
            yield connection
        finally:
            await connection.close()

    async def _admin(self, side: Side, *statements: str, database: str) -> None:
        async with self.connected(side, database=database) as connection:
            for each in statements:
                await connection.execute(each)
