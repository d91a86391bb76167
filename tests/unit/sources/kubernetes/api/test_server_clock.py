import time

import pytest

from stagingmirror.sources.kubernetes.api.server_clock import ServerClock
from support.kubernetes.api_server import an_api_server


def test_it_is_never_earlier_there_than_an_answer_says() -> None:
    clock, begun = ServerClock(), time.perf_counter()

    clock.answered("Thu, 26 Nov 2026 10:00:00 GMT", begun)

    first, second = clock.now(), clock.now()
    assert first is not None
    assert second is not None
    assert 1795687201.0 <= first <= second


def test_the_newest_answer_counts() -> None:
    clock = ServerClock()
    clock.answered("Thu, 26 Nov 2026 10:00:00 GMT", time.perf_counter())

    clock.answered("Thu, 26 Nov 2026 09:00:00 GMT", time.perf_counter())

    now = clock.now()
    assert now is not None
    assert now < 1795687200.0


@pytest.mark.parametrize("date", [None, "", "soon", "Thu, 99 Nov 2026 10:00:00 GMT"])
def test_what_is_no_date_tells_nothing(date: str | None) -> None:
    clock = ServerClock()

    clock.answered(date, time.perf_counter())

    assert clock.now() is None


async def test_a_client_knows_its_servers_time_from_any_answer_even_an_error() -> None:
    async with an_api_server(lambda *_: (404, {})) as client:
        assert client.clock.now() is None

        with pytest.raises(Exception, match="404"):
            await client.request("GET", "/api")

        now = client.clock.now()
    assert now is not None
    assert now == pytest.approx(time.time(), abs=60)


@pytest.mark.parametrize(
    ("ours", "skew"),
    [(0.0, 0.0), (0.9, 0.0), (-1.5, 0.0), (-8.0, 10.0), (12.5, 20.0), (7200.0, 7200.0)],
)
def test_how_far_its_clock_is_from_ours_is_known_in_coarse_steps(ours: float, skew: float) -> None:
    clock = ServerClock()
    assert clock.skew(1795687200.0) == 0.0

    clock.answered("Thu, 26 Nov 2026 10:00:00 GMT", time.perf_counter())

    assert clock.skew(1795687200.0 + ours) == skew
