"""What is no whole answer of the endpoint: Unknown, each with its reason, whichever side it is."""

import asyncio
import gzip
import json

import pytest
from aiohttp import web

from stagingmirror.drift.facts import Unseen
from stagingmirror.sources.endpoint.subjects import ProbedParity
from support.parity.server import SECRET, Handler, two_endpoints

sides = pytest.mark.parametrize("side", ["production", "staging"])


def text(body: str, kind: str = "application/json", status: int = 200) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=body, content_type=kind, status=status)

    return answer


async def redirecting(request: web.Request) -> web.StreamResponse:
    raise web.HTTPTemporaryRedirect(f"/elsewhere?{SECRET}")


async def slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.json_response({})


async def trickling(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(300):
        await response.write(b" ")
        await asyncio.sleep(0.1)
    return response


async def half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(f'{{"amount": "{SECRET}'.encode())
    assert request.transport is not None
    request.transport.close()
    return response


async def compressed(_: web.Request) -> web.StreamResponse:
    """1 GiB, if whoever reads it follows the header."""
    body = gzip.compress(b" " * 2**20)
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


BAD = {
    "HTML with 200": (text(f"<html>{SECRET}</html>", "text/html"), "Garbage"),
    "10 MiB": (text(json.dumps({"note": SECRET * 2**20 * 2})), "OversizedAnswer"),
    "NaN in JSON": (text('{"amount": NaN}'), "Garbage"),
    "a redirect": (redirecting, "Redirected"),
    "slowness": (slow, "TimedOut"),
    "a body that never ends": (trickling, "TimedOut"),
    "half a body": (half, "HalfRead"),
    "half of its JSON": (text(f'{{"note": "{SECRET}'), "HalfRead"),
    "an empty body": (text(""), "Garbage"),
    "a body that is compressed": (compressed, "Garbage"),
    "one key twice": (text('{"a": 1, "a": 2}'), "Garbage"),
    "a login that is refused": (text(SECRET, status=401), "Unauthorized"),
    "an account that may not": (text(SECRET, status=403), "Forbidden"),
    "too many requests": (text(SECRET, status=429), "Throttled"),
    "a gateway without a server": (text(SECRET, status=502), "Unavailable"),
    "a server that starts": (text(SECRET, status=503), "Unavailable"),
    "an address that takes no POST": (text(SECRET, status=405), "BadRequest"),
    "an address that takes no JSON": (text(SECRET, status=415), "BadRequest"),
    "nothing, with 204": (text("", status=204), "BadRequest"),
}


@sides
@pytest.mark.parametrize("bad", BAD)
async def test_what_is_no_whole_answer_is_unknown_with_its_reason(bad: str, side: str) -> None:
    answer, reason = BAD[bad]
    async with two_endpoints() as pair:
        timeout = {"timeout": "300ms" if reason == "TimedOut" else "20s"}
        pair.configure(production=timeout, staging=timeout)
        pair.sides[side] = answer

        found = await pair.probe()

        assert isinstance(found, Unseen), found
        assert found.why.reason == reason
        assert SECRET not in found.why.message
        assert pair.sent["elsewhere"] == 0


@pytest.mark.parametrize("status", [400, 404, 422, 500])
async def test_production_that_refuses_the_samples_is_unknown(status: int) -> None:
    async with two_endpoints() as pair:
        pair.sides["production"] = text(SECRET, status=status)

        found = await pair.probe()

        assert isinstance(found, Unseen)
        assert found.why.reason == "EndpointFailed"
        assert "refuses 20 of 20 samples" in found.why.message


@pytest.mark.parametrize("status", [400, 404, 422, 500])
async def test_samples_that_staging_alone_refuses_are_counted(status: int) -> None:
    async with two_endpoints() as pair:
        pair.sides["staging"] = text(SECRET, status=status)

        found = await pair.probe()

        assert isinstance(found, ProbedParity)
        assert found.refusals.staging == 20
        assert found.distinct == 0


async def test_another_schema_is_a_difference_of_structure() -> None:
    async with two_endpoints() as pair:
        pair.sides["staging"] = text('{"total": 1.5}')

        found = await pair.probe()

        assert isinstance(found, ProbedParity)
        assert found.parity.structure_differs == 3, found.parity.structure


@sides
async def test_one_sample_of_twenty_without_an_answer_is_left_out(side: str) -> None:
    async with two_endpoints() as pair:
        answer = pair.sides[side]

        async def sometimes(request: web.Request) -> web.StreamResponse:
            bad = (await request.json())["id"] == 7
            return await (text("<html>") if bad else answer)(request)

        pair.sides[side] = sometimes

        found = await pair.probe()

        assert isinstance(found, ProbedParity)
        assert (found.distinct, found.parity.failed) == (19, 1)


async def test_a_batch_with_one_bad_line_is_sent_line_by_line() -> None:
    async with two_endpoints() as pair:
        pair.lines = [json.dumps({"model": "mini", "input": f"text {each}"}) for each in range(20)]
        embeddings = {"protocol": "OpenAIEmbeddings"}
        pair.configure(production=embeddings, staging=embeddings)

        async def embedding(request: web.Request) -> web.StreamResponse:
            texts = (await request.json())["input"]
            texts = [texts] if isinstance(texts, str) else texts
            if request.path == "/staging" and "text 7" in texts:
                return web.Response(status=422, text=SECRET)
            data = [{"index": at, "embedding": [0.5, 1.0]} for at, _ in enumerate(texts)]
            return web.json_response({"data": data})

        pair.sides = {"production": embedding, "staging": embedding}

        found = await pair.probe()

        assert isinstance(found, ProbedParity)
        assert (found.distinct, found.refusals.staging) == (19, 1)
        assert pair.sent["staging"] == 21, "one batch, then each of its lines"


async def test_lines_that_cannot_be_sent_are_named_and_nothing_is_sent() -> None:
    async with two_endpoints() as pair:
        pair.lines[6] = f'{{"note": {SECRET}'

        found = await pair.probe()

        assert isinstance(found, Unseen)
        assert found.why.reason == "SamplesInvalid"
        assert "line 7" in found.why.message
        assert SECRET not in found.why.message
        assert not pair.sent
