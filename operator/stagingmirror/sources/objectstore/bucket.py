"""The client of one bucket, with one identity.

obstore does not raise where its own code fails, it panics, which is no Exception.
"""

import asyncio
import secrets
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, contextmanager
from datetime import timedelta
from hashlib import sha256
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore import exceptions, open_writer_async

from stagingmirror.api.spec.environment.object_store import ObjectStore, place_of
from stagingmirror.api.types.quantity import parse_bytes
from stagingmirror.errors import (
    NeedsHuman,
    NotAllowed,
    NotAnswered,
    NotThere,
    Refused,
    StagingMirrorError,
)
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.content.files import CHUNK, MOST_FILES
from stagingmirror.sources.objectstore.clouds import Store, Times, endpoint_of, open_store
from stagingmirror.sources.objectstore.errors import translated
from stagingmirror.sources.objectstore.rate import Rate
from stagingmirror.sources.objectstore.role import role_of
from stagingmirror.sources.objectstore.way import Way
from stagingmirror.sources.outward import is_link_local
from stagingmirror.sources.tls import trusting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore import GetResult, ObjectMeta

# Called with (operation, result, seconds) of each call; result is ``ok`` or an error's reason.
OnCall = Callable[[str, str, float], None]

# Objects of one answer, as S3 has it.
_PAGE = 1000
# Seconds for all pages of one folder, which the library collects.
_ALL_PAGES = 60.0
# Bytes of one part of an upload, and how many are kept while they are sent.
_PART, _PARTS_AT_ONCE = 8 * 1024 * 1024, 2
# Of a whole file; it is given up where nothing moves.
_LONGEST = timedelta(days=7)
# What obstore raises.
_RAISED = (exceptions.BaseError, OSError, ValueError, RuntimeError, StagingMirrorError)


class Bucket:
    """Raises only errors of ``stagingmirror.errors``."""

    def __init__(
        self,
        store: ObjectStore,
        variables: Mapping[str, str] | None,
        *,
        settings: Settings,
        on_call: OnCall,
        writes: bool = False,
    ) -> None:
        """``variables``: of the store's Secret; None: it has none. ``writes``: whether a role that
        is assumed may write. Makes no call. Raises NeedsHuman for a CA bundle or an address that
        cannot be right.
        """
        self.name = store.name
        self._place = place_of(store)
        self._on_call = on_call
        endpoint = endpoint_of(store)
        self.mark = sha256(endpoint.encode()).hexdigest()[:8]
        """Of the server."""
        self.uri = self._place.uri
        self._where = f"{self.uri} at {urlsplit(endpoint).hostname}"
        role = role_of(store, variables, writes=writes, within=settings.upstream_timeout)
        self._way = Way(store.proxy_url or endpoint, self._where, role)
        if self._way.is_link_local or is_link_local(urlsplit(endpoint).hostname or ""):
            raise NeedsHuman(
                Reason.LINK_LOCAL,
                f"objectStores[{store.name}]: endpoint or proxyUrl is link-local, which is never "
                "connected to",
            )
        _refuse_reading_proxy(store, endpoint)
        self.rate = Rate(None if store.max_rate is None else parse_bytes(store.max_rate))
        brief = timedelta(seconds=settings.upstream_timeout)
        idle = timedelta(seconds=settings.artifact_timeout)
        # The library's own timeout begins anew with each byte.
        self._block_within = settings.artifact_timeout
        if store.ca_bundle is not None:
            _refuse_no_certificate(store.name, store.ca_bundle)
        try:
            self._lists = open_store(store, variables, Times(brief, brief, brief), role)
            self._reads = open_store(store, variables, Times(brief, idle, _LONGEST), role)
        except (exceptions.BaseError, ValueError):
            raise NeedsHuman(
                Reason.INVALID_ADDRESS,
                f"objectStores[{store.name}]: endpoint and region make no address, or caBundle has "
                "a certificate that cannot be used",
            ) from None

    async def objects(self, path: str, after: str | None = None) -> "list[ObjectMeta]":
        """All objects below a folder, or those whose whole names come after this one. Raises
        Refused(TooManyFiles).
        """
        found: list[ObjectMeta] = []
        async with aclosing(self._pages(path, after)) as pages:
            async for page in pages:
                found += page
                if len(found) > MOST_FILES:
                    raise Refused(
                        Reason.TOO_MANY_FILES,
                        f"{self._where}: the folder has more than {MOST_FILES} objects",
                    )
        if not found:
            await self._refuse_any_answer(path)
            await self._refuse_object(path)
        elif len(found) % _PAGE == 0:
            await self._refuse_cut(path, found[-1]["path"])
        return found

    async def probe(self) -> None:
        """One page of the listing of its place: whether it lets us in and answers."""
        async with aclosing(self._pages(self._place.path)) as pages:
            if not await anext(pages, None):
                await self._refuse_any_answer(self._place.path)

    async def _refuse_cut(self, path: str, last: str) -> None:
        """Raises Refused where there is more behind a full page that was the last one: the library
        takes a page without a token for it, and a server of the first version gives none.
        """
        async with aclosing(self._pages(path, after=last)) as pages:
            # The last one again, where it is a folder's marker: its name goes on with a slash.
            if any(each["path"] != last for each in await anext(pages, [])):
                raise Refused(
                    Reason.TOO_MANY_FILES,
                    f"{self._where}: it lists no more than {_PAGE} objects of a folder, since it "
                    "does not know ListObjectsV2; use another server, or fewer files",
                )

    async def names_in(self, folder: str) -> frozenset[str]:
        """The objects right below a folder, by their whole names: without those that are kept for
        folders. ``objects`` shows these without the slash at their end.
        """
        await self._way.ready()
        with self.call("list"):
            async with asyncio.timeout(_ALL_PAGES):
                found = await self._lists.list_with_delimiter_async(folder or None)
        return frozenset(each["path"] for each in found["objects"])

    async def _refuse_any_answer(self, path: str) -> None:
        """Raises NotAnswered where an object is there whose name was just made up: the library
        takes any XML for a listing, e.g. the page of a proxy that wants a login.
        """
        if await self._has(f"{path}/{secrets.token_hex(12)}".lstrip("/")):
            raise NotAnswered(
                Reason.GARBAGE,
                f"{self._where}: it lists nothing and has any object; is that an object store, or "
                "a proxy before it?",
            )

    async def _refuse_object(self, path: str) -> None:
        """Raises Refused where the path is no folder without files, but a file itself."""
        if path and await self._has(path):
            raise Refused(
                Reason.ARTIFACTS_NOT_READABLE,
                f"{self._where}: {path} is an object, and only folders are read; name its folder",
            )

    async def _has(self, name: str) -> bool:
        """Whether there is such an object, as far as we may know: S3 answers 403 for what is not
        there where the right to list has a condition.
        """
        try:
            with self.call("head"):
                await self._lists.head_async(name)
        except (NotThere, NotAllowed):
            return False
        return True

    async def client(self) -> Store:
        """For one request, within ``call``."""
        await self._way.ready()
        return self._reads

    async def get(self, path: str) -> "GetResult":
        """The answer to a GET, its body not read yet."""
        await self._way.ready()
        with self.call("get", f" of {path}"):
            return await self._reads.get_async(path)

    async def blocks(self, answer: "GetResult", path: str) -> AsyncIterator[list[bytes]]:
        """The body, about 1 MiB at a time."""
        stream = aiter(answer.stream(min_chunk_size=CHUNK))
        while True:
            with self.call("read", f" of {path}", only_failures=True):
                async with asyncio.timeout(self._block_within):
                    block = await anext(stream, None)
            if block is None:
                return
            await self.rate.take(len(block))
            yield [block]

    async def put(self, path: str, chunks: AsyncGenerator[bytes, None], size: int) -> None:
        """Upload an object of exactly this size: in parts where it is large, of which nothing is
        seen before the last is there. Where that ends early, they are aborted.
        """
        await self._way.ready()
        with self.call("put", f" of {path}"):
            if size <= _PART:
                whole = b"".join([chunk async for chunk in chunks])
                await self._reads.put_async(path, whole, use_multipart=False)
                return
            # Not ``put_async``: it goes on with the chunks after it was cancelled.
            parts = open_writer_async(
                self._reads, path, buffer_size=_PART, max_concurrency=_PARTS_AT_ONCE
            )
            async with aclosing(chunks), parts as writer:
                async for chunk in chunks:
                    await writer.write(chunk)

    async def delete(self, paths: list[str]) -> None:
        """Delete objects; one that is not there is deleted already."""
        await self._way.ready()
        with self.call("delete"):
            async with asyncio.timeout(_ALL_PAGES):
                await self._lists.delete_async(paths)

    async def _pages(
        self, path: str, after: str | None = None
    ) -> "AsyncGenerator[list[ObjectMeta], None]":
        await self._way.ready()
        stream = aiter(self._lists.list(path or None, offset=after, chunk_size=_PAGE))
        while True:
            with self.call("list"):
                page = await anext(stream, None)
            if page is None:
                return
            yield list(page)

    @contextmanager
    def call(
        self, operation: str, of: str = "", *, only_failures: bool = False
    ) -> "Iterator[None]":
        """Counts and times a call, or only one that fails; translates what went wrong."""
        began = perf_counter()
        try:
            yield
        except _RAISED as error:
            raise self._failed(error, operation, of, perf_counter() - began) from None
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            raise self._failed(error, operation, of, perf_counter() - began) from None
        if not only_failures:
            self._on_call(operation, "ok", perf_counter() - began)

    def _failed(
        self, error: BaseException, operation: str, of: str, seconds: float
    ) -> StagingMirrorError:
        found = translated(error, f"{self._where}, {operation}{of}")
        self._on_call(operation, found.reason, seconds)
        return found


def _refuse_reading_proxy(store: ObjectStore, endpoint: str) -> None:
    if store.proxy_url and endpoint.startswith("http://") and not store.anonymous:
        raise NeedsHuman(
            Reason.INVALID_PROXY,
            f"objectStores[{store.name}]: endpoint is http://, so the proxy of proxyUrl could "
            "read what lets us in; use https:// there, or remove the proxy, or set anonymous",
        )


def _refuse_no_certificate(name: str, pem: str) -> None:
    """obstore takes a text without any for none."""
    try:
        trusting(pem=pem)
    except (ssl.SSLError, ValueError):
        raise NeedsHuman(
            Reason.INVALID_CA_BUNDLE, f"objectStores[{name}]: caBundle holds no PEM certificates"
        ) from None
