"""Which holds matter, before they are parsed."""

from itertools import product
from typing import Any

import pytest

from stagingmirror.api.spec.parse import parse_hold
from stagingmirror.api.types.times import rfc3339
from stagingmirror.engine.holds import active
from stagingmirror.engine.holds.active import in_force, may_hold, read
from stagingmirror.engine.refresh.start import live_guard
from stagingmirror.engine.refresh.start.live_guard import holding
from stagingmirror.engine.resources.mirror import MirrorKey
from support.clock import NOW
from support.kinds.builders import environment
from support.operators.object_server import ObjectServer, a_writer
from support.resources import resources

KEY = MirrorKey("ml-staging", "fraud")
COMPONENTS = frozenset({"model", "data"})
ROOT = "/apis/stagingmirror.dev/v1alpha1"


def a_hold(name: str = "hold", **spec: Any) -> dict[str, Any]:
    given = {"reason": "why", "until": rfc3339(NOW + 60), **spec}
    body = resources.resource("MirrorHold", name, given, KEY.namespace)
    return {**body, "metadata": {**body["metadata"], "uid": name, "generation": 1}}


@pytest.mark.parametrize(
    ("mirrors", "components", "until"),
    list(
        product(
            ([], ["fraud"], ["other"], ["other", "fraud"]),
            ([], ["model"], ["other"], ["other", "data"]),
            (rfc3339(NOW - 1), rfc3339(NOW + 60), "soon"),
        )
    ),
)
def test_a_glance_at_a_hold_finds_what_a_reading_finds(
    mirrors: list[str], components: list[str], until: str
) -> None:
    body = a_hold(mirrors=mirrors, components=components, until=until)
    request = read(body)
    holds = in_force([] if request is None else [request], KEY, NOW)
    found = tuple(each.hold for each in holds)

    assert may_hold(body, KEY, COMPONENTS, NOW) is (holding(found, COMPONENTS) is not None)


async def test_of_thousands_of_holds_only_those_are_parsed_that_can_stop_a_refresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, parsed = ObjectServer(), list[str]()
    for role in ("Production", "Staging"):
        spec = environment(role).model_dump(mode="json", by_alias=True, exclude_unset=True)
        made = resources.resource("MirrorEnvironment", role.lower(), spec)
        server.put(f"{ROOT}/mirrorenvironments/{role.lower()}", made)
    others = ({"mirrors": ["other"]}, {"components": ["other"]}, {"until": rfc3339(NOW - 1)})
    for number in range(999):
        body = a_hold(f"h-{number}", **others[number % 3])
        server.put(f"{ROOT}/namespaces/ml-staging/mirrorholds/h-{number}", body)
    server.put(f"{ROOT}/namespaces/ml-staging/mirrorholds/mine", a_hold("mine"))

    def counting(body: Any) -> Any:
        parsed.append(body["metadata"]["name"])
        return parse_hold(body)

    monkeypatch.setattr(active, "parse_hold", counting)
    async with a_writer(server) as writer:
        live = await live_guard.fetch(
            writer,
            KEY,
            production="production",
            staging="staging",
            components=COMPONENTS,
            now=NOW,
        )

    assert [each.name for each in live.holds] == ["mine"]
    assert parsed == ["mine"]
