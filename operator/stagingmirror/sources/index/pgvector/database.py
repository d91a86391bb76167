"""One database of PostgreSQL, with one role.

The client takes what it is not given from ``PG…`` variables of the process and files of its user:
so it is given all that decides where it connects and as whom.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import asyncpg

from stagingmirror.errors import NeedsHuman, NotAnswered, NotSupported, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.pgvector.errors import RAISED, translated
from stagingmirror.sources.outward import is_link_local

# Called with (operation, result, seconds) of each session; result is ``ok`` or an error's reason.
OnCall = Callable[[str, str, float], None]
_PORT = 5432
# What a session is for, and how many there are at once: what is slow keeps nothing else waiting.
Use = Literal["catalogs", "rows", "copying"]
_SESSIONS: dict[Use, int] = {"catalogs": 4, "rows": 2, "copying": 4}
# Texts of values are the same on both sides, whatever a server or role is set to.
_SETTINGS = {
    "application_name": "stagingmirror",
    "search_path": "pg_catalog",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "xmloption": "content",
    "lc_monetary": "C",
    # What a policy would hide from our role is an error, and not left out.
    "row_security": "off",
}
_AS_ASKED = """
SELECT current_setting('transaction_read_only'), current_setting('search_path')
"""


# What may stand behind ``?``, and whether it is TLS; a certificate is always verified.
_TLS = {"sslmode=verify-full": True, "sslmode=disable": False}


@dataclass(frozen=True, slots=True)
class Address:
    """``tls``: False where the environment asks for plain text."""

    host: str
    port: int
    database: str
    tls: bool = True

    @property
    def uri(self) -> str:
        return f"postgresql://{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. ``call``: of one statement that reads catalogs, and of connecting. ``reading``: of
    one that counts or samples. ``idle``: a copy in which nothing moves for so long is given up.
    ``building``: of one index. ``whole``: of a copy, however fast.
    """

    call: float = 5.0
    reading: float = 60.0
    idle: float = 300.0
    building: float = 12 * 3600.0
    whole: float = 7 * 24 * 3600.0
    lock: float = 2.0


def address_of(url: str, field_name: str) -> Address:
    """``postgresql://host[:port]/database[?sslmode=verify-full|disable]``.

    Raises NeedsHuman(InvalidAddress, LinkLocal); ``field_name`` is the field of the environment.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORT
        database = unquote(parts.path.lstrip("/"), errors="strict")
    except ValueError:
        raise _invalid(field_name) from None
    is_whole = parts.scheme == "postgresql" and host and database
    if not is_whole or parts.username or parts.fragment:
        raise _invalid(field_name)
    if parts.query not in ("", *_TLS):
        raise NeedsHuman(
            Reason.INVALID_ADDRESS,
            f"{field_name} has the parameters {parts.query!a:.80}: of all only sslmode=verify-full,"
            " which is the default, and sslmode=disable, which is plain text, are offered",
        )
    if is_link_local(host):
        raise NeedsHuman(
            Reason.LINK_LOCAL, f"{field_name} is link-local, which is never connected to"
        )
    return Address(host, port, database, tls=_TLS.get(parts.query, True))


def _invalid(field_name: str) -> NeedsHuman:
    return NeedsHuman(
        Reason.INVALID_ADDRESS,
        f"{field_name} must be postgresql://host:5432/database, without credentials",
    )


class Database:
    """``tls``: None, in plain text. ``reads_only``: its sessions cannot write, whatever its role
    may do. Makes no call before the first is wanted.
    """

    def __init__(
        self,
        address: Address,
        login: Login,
        *,
        tls: ssl.SSLContext | None,
        reads_only: bool,
        limits: Limits,
        on_call: OnCall,
    ) -> None:
        self.uri = address.uri
        self.limits = limits
        self._address, self._login, self._tls = address, login, tls
        self._reads_only, self._on_call = reads_only, on_call
        self._free: list[Any] = []
        self._turns = {use: asyncio.Semaphore(most) for use, most in _SESSIONS.items()}

    @asynccontextmanager
    async def reading(self, operation: str, what: str, use: Use) -> AsyncIterator[Any]:
        """A session for rows: all calls see one moment and none can write, whatever code of others
        a call might run.
        """
        async with (
            self.session(operation, what, use) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection

    @asynccontextmanager
    async def session(self, operation: str, what: str, use: Use = "catalogs") -> AsyncIterator[Any]:
        """A connection of asyncpg for these calls alone. What they raise is translated; ``what``
        names them in errors, ``operation`` in metrics. One that failed otherwise than by an answer
        is not used again.
        """
        async with self._turns[use]:
            connection, is_good, result, began = None, False, "Interrupted", perf_counter()
            try:
                connection = await self._open()
                yield connection
                is_good, result = True, "ok"
            except StagingMirrorError as error:
                is_good, result = True, error.reason
                raise
            except RAISED as error:
                is_good = isinstance(error, asyncpg.PostgresError)
                failed = translated(error, f"{self.uri}, {what}")
                result = failed.reason
                raise failed from None
            finally:
                self._on_call(operation, result, perf_counter() - began)
                await self._put_back(connection, use, is_good=is_good)

    async def close(self) -> None:
        free, self._free = self._free, []
        for each in free:
            each.terminate()

    async def _put_back(self, connection: Any, use: Use, *, is_good: bool) -> None:
        """With the settings that it was opened with; reading catalogs changes none. What one has
        written is counted by the server when it ends, else up to 10 s later.
        """
        if connection is None or connection.is_closed():
            return
        if is_good and not connection.is_in_transaction():
            with suppress(*RAISED):
                if use == "copying":
                    await connection.close(timeout=self.limits.call)
                    return
                if use != "catalogs":
                    await connection.reset(timeout=self.limits.call)
                self._free.append(connection)
                return
        connection.terminate()

    async def _open(self) -> Any:
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
        async with asyncio.timeout(self.limits.call):
            await self._refuse_link_local()
            connection = await self._connect()
            try:
                await self._refuse_other_settings(connection)
            except BaseException:
                connection.terminate()
                raise
            return connection

    async def _connect(self) -> Any:
        own = {
            "statement_timeout": f"{self.limits.reading * 1000:.0f}",
            "lock_timeout": f"{self.limits.lock * 1000:.0f}",
            "idle_in_transaction_session_timeout": f"{self.limits.idle * 1000:.0f}",
            "default_transaction_read_only": "on" if self._reads_only else "off",
        }
        return await asyncpg.connect(
            host=self._address.host,
            port=self._address.port,
            database=self._address.database,
            user=self._login.username,
            password=self._login.password,
            passfile="/dev/null",
            ssl=self._tls or False,
            direct_tls=False,
            timeout=self.limits.call,
            command_timeout=self.limits.call + self.limits.lock,
            # A pooler between us and the server may change the session between two calls.
            statement_cache_size=0,
            server_settings={**_SETTINGS, **own},
            target_session_attrs="any",
            gsslib="gssapi",
            krbsrvname="postgres",
        )

    async def _refuse_other_settings(self, connection: Any) -> None:
        """What stands between us and the server may leave them out."""
        found = await connection.fetchrow(_AS_ASKED)
        if tuple(found) != ("on" if self._reads_only else "off", _SETTINGS["search_path"]):
            raise NotSupported(
                Reason.NOT_SUPPORTED,
                f"{self.uri}: the session has not the settings that it was opened with, so that "
                "it is not known to be read-only; let url name the server itself and no pooler, "
                "and of staging's the primary",
            )

    async def _refuse_link_local(self) -> None:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                self._address.host, self._address.port, type=socket.SOCK_STREAM
            )
        except OSError:
            return  # connecting reports it
        if any(is_link_local(str(address[0])) for *_, address in found):
            raise NotAnswered(
                Reason.LINK_LOCAL,
                f"{self.uri}: the address is link-local, which is never connected to",
            )
