"""A store whose client's process ends at one of its writes."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from support.objectstore.fake_s3 import WRITES, FakeS3


@dataclass(slots=True)
class Dying(FakeS3):
    """Holds the write of this number, done or not; ``reached`` is set then. Others are answered."""

    at: int = 0
    done: bool = False
    count: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.count += request.method in WRITES
        if request.method not in WRITES or self.count != self.at:
            return await FakeS3.answer(self, request)
        answered = await FakeS3.answer(self, request) if self.done else None
        self.reached.set()
        await asyncio.sleep(3600)
        assert answered is not None
        return answered
