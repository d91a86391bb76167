"""How fast bytes are read from a store, by a clock that the test holds."""

from dataclasses import dataclass, field

from stagingmirror.api.spec.environment.object_store import ObjectStore
from stagingmirror.sources.content.hashing import read_bytes
from stagingmirror.sources.objectstore.bucket import Bucket
from stagingmirror.sources.objectstore.files import ObjectFiles
from stagingmirror.sources.objectstore.rate import Rate
from support.mlflow.registries import serving
from support.objectstore.buckets import KEYS, QUICK
from support.objectstore.fake_s3 import BUCKET, FakeS3

MIB = 1024 * 1024


@dataclass
class Held:
    """Nothing but what was slept goes by."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_readers_together_are_as_fast_as_one_and_what_was_not_used_is_not_saved_up() -> None:
    held = Held()
    rate = Rate(10 * MIB, clock=held.clock, sleep=held.sleep)

    for _ in range(3):
        await rate.take(5 * MIB)
    held.now += 100
    await rate.take(5 * MIB)

    assert held.slept == [0.5, 1.0, 1.5, 0.5]


async def test_without_a_rate_nothing_waits() -> None:
    held = Held()
    await Rate(None, clock=held.clock, sleep=held.sleep).take(10**12)

    assert held.slept == []


async def test_all_bytes_that_a_store_sends_count_once() -> None:
    held, store = Held(), FakeS3({"ranker/a": b"a" * 3 * MIB, "ranker/b": b"b" * MIB})
    async with serving(store.answer) as url:
        spec = {"name": "m", "url": f"s3://{BUCKET}", "endpoint": url, "maxRate": "2Mi"}
        bucket = Bucket(
            ObjectStore.model_validate(spec), KEYS, settings=QUICK, on_call=lambda *_: None
        )
        bucket.rate = Rate(2 * MIB, clock=held.clock, sleep=held.sleep)
        files = ObjectFiles(lambda: bucket, "ranker", lambda: None)
        await read_bytes(files, await files.listing())

    assert held.slept[-1] == 2.0
