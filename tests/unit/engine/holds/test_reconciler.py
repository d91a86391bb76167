"""Since when a hold is effective, and what it says until then."""

from typing import Any

from stagingmirror.engine.holds.acknowledged import AcknowledgedHolds
from stagingmirror.engine.holds.active import read
from stagingmirror.engine.holds.reconciler import HoldReconciler
from stagingmirror.engine.resources.cache import Body, Plural, ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from support.kubernetes.api_server import Answer, an_api_server
from support.operators.runtimes import a_runtime
from support.resources import resources

FRAUD = MirrorKey("ml-staging", "fraud")


class CountingCache(ResourceCache):
    """Counts the holds that are looked at, and how often all mirrors are."""

    reads = listings = 0

    def get(self, plural: Plural, name: str, namespace: str = "") -> Body | None:
        self.reads += plural == "mirrorholds"
        return super().get(plural, name, namespace)

    def all(self, plural: Plural, namespace: str | None = None) -> tuple[Body, ...]:
        self.listings += plural == "stagingmirrors"
        return super().all(plural, namespace)


class Place:
    """An API server with one mirror and one hold of it, and the keeper of holds."""

    def __init__(self, **spec: Any) -> None:
        self.cache, self.acknowledged = CountingCache(), AcknowledgedHolds()
        self.keeper: HoldReconciler | None = None
        self.still_open: set[MirrorKey] = set()
        mirror, self.hold = resources.mirror(), resources.hold(**spec)
        for body in (mirror, self.hold):
            body["metadata"] |= {"uid": "uid", "resourceVersion": "1", "generation": 1}
        self.cache.put("stagingmirrors", mirror)
        self.cache.put("mirrorholds", self.hold)

    def respond(self, method: str, path: str, body: Any) -> Answer:
        assert (method, path.rpartition("/")[2]) == ("PUT", "status")
        version = str(int(self.hold["metadata"]["resourceVersion"]) + 1)
        metadata = {**self.hold["metadata"], "resourceVersion": version}
        self.hold = {**self.hold, "metadata": metadata, "status": body["status"]}
        return 200, self.hold

    def passed(self) -> None:
        """The mirror had a pass with the hold as it is now, and no refresh of it is open."""
        request = read(self.hold)
        assert request is not None
        self.acknowledged.seen(request)
        self.acknowledged.passed(FRAUD, self.acknowledged.turn())

    def delete_mirror(self, name: str = "fraud") -> None:
        """It is on its way out, kept by somebody's finalizer."""
        mirror = resources.mirror(name)
        gone = {"uid": "uid", "resourceVersion": "2", "deletionTimestamp": "2026-11-25T10:00:00Z"}
        mirror["metadata"] |= gone
        self.cache.put("stagingmirrors", mirror)
        if self.keeper is not None:
            self.keeper.mirror_changed(FRAUD)

    def edit(self, **spec: Any) -> None:
        metadata = {**self.hold["metadata"], "generation": 2, "resourceVersion": "9"}
        spec = {**self.hold["spec"], **spec}
        self.hold = {**self.hold, "metadata": metadata, "spec": spec}
        change = self.cache.put("mirrorholds", self.hold)
        assert change is not None
        assert self.keeper is not None
        self.keeper.hold_changed(change)

    async def tend(self, client: KubernetesClient) -> dict[str, Any]:
        """The hold's status after one look of the keeper."""
        if self.keeper is None:
            self.keeper = HoldReconciler(
                cache=self.cache,
                resources=ResourceClient(client, self.cache, runtime=a_runtime()),
                acknowledged=self.acknowledged,
                still_open=lambda: frozenset(self.still_open),
                runtime=a_runtime(),
            )
            self.keeper.wake_all()
        await self.keeper.tend()
        status: dict[str, Any] = self.hold.get("status") or {}
        return status


async def test_a_hold_is_not_effective_while_a_refresh_of_its_mirror_is_open_and_says_so() -> None:
    place = Place(mirrors=["fraud"])
    place.still_open = {FRAUD}
    async with an_api_server(place.respond) as client:
        waiting = await place.tend(client)
        place.still_open.clear()
        place.passed()
        effective = await place.tend(client)

    assert "effectiveSince" not in waiting
    assert waiting["message"] == "the refresh in progress finishes first: fraud"
    assert effective == {"effectiveSince": "2027-01-15T08:00:00Z", "observedGeneration": 1}


async def test_a_hold_speaks_of_no_refresh_where_none_that_it_stops_is_in_progress() -> None:
    place = Place(mirrors=["fraud"])
    place.still_open = {MirrorKey("ml-staging", "other"), MirrorKey("elsewhere", "fraud")}
    async with an_api_server(place.respond) as client:
        waiting = await place.tend(client)

    assert waiting["message"] == (
        "each mirror that it holds is checked once more first, which takes seconds"
    )


async def test_a_hold_that_names_a_component_that_is_not_tracked_never_looks_effective() -> None:
    place = Place(mirrors=["fraud"], components=["fraud-modell"])
    place.passed()
    async with an_api_server(place.respond) as client:
        told = await place.tend(client)

    assert "effectiveSince" not in told
    assert "tracks fraud-modell; correct the name" in told["message"]


async def test_a_hold_that_was_edited_is_effective_only_once_its_mirror_passed_with_the_edit() -> (
    None
):
    place = Place(mirrors=["fraud"])
    async with an_api_server(place.respond) as client:
        place.passed()
        await place.tend(client)
        place.edit(components=["training-data"])
        edited = await place.tend(client)
        place.passed()
        again = await place.tend(client)

    assert "effectiveSince" not in edited
    assert again["effectiveSince"]
    assert again["observedGeneration"] == 2


async def test_a_deleted_mirror_keeps_no_hold_waiting_but_for_what_its_refresh_still_writes() -> (
    None
):
    place = Place()
    place.delete_mirror()
    async with an_api_server(place.respond) as client:
        place.still_open = {FRAUD, MirrorKey("elsewhere", "other")}
        waiting = await place.tend(client)
        place.still_open = {MirrorKey("elsewhere", "other")}
        effective = await place.tend(client)

    assert "effectiveSince" not in waiting
    assert waiting["message"] == "the refresh in progress finishes first: fraud"
    assert "effectiveSince" in effective


async def test_a_hold_waits_for_what_the_refresh_of_a_vanished_mirror_puts_back() -> None:
    place = Place()
    place.passed()
    async with an_api_server(place.respond) as client:
        place.still_open = {MirrorKey("ml-staging", "vanished")}
        waiting = await place.tend(client)
        place.still_open = {FRAUD}  # one of other components, that this hold lets go on
        effective = await place.tend(client)

    assert "effectiveSince" not in waiting
    assert "effectiveSince" in effective


async def test_holds_that_name_nothing_are_checked_again_only_where_that_may_have_changed() -> None:
    place = Place()
    status = {"message": "correct the name.", "observedGeneration": 1}
    for number in range(200):
        body = resources.hold(f"ci-{number}", mirrors=["fruad"])
        body["metadata"] |= {"uid": f"u-{number}", "resourceVersion": "1", "generation": 1}
        place.cache.put("mirrorholds", body | {"status": status})
    place.passed()

    def respond(method: str, path: str, body: Any) -> Answer:
        name = path.split("/")[-2]
        if name == place.hold["metadata"]["name"]:
            return place.respond(method, path, body)
        metadata = body["metadata"] | {"resourceVersion": "2", "generation": 1}
        return 200, body | {"metadata": metadata}

    async with an_api_server(respond) as client:
        await place.tend(client)
        assert place.keeper is not None
        assert (place.cache.reads, place.cache.listings) == (201, 1)

        assert await place.keeper.tend() is None, "nothing waits for a time"
        place.keeper.mirror_changed(MirrorKey("elsewhere", "fraud"))
        await place.keeper.tend()
        assert place.cache.reads == 201
        place.edit(reason="another")
        await place.keeper.tend()
        assert place.cache.reads == 202
        place.delete_mirror()
        await place.keeper.tend()
        assert (place.cache.reads, place.cache.listings) == (202 + 201, 2)


async def test_a_hold_that_cannot_be_read_says_why_it_holds_nothing() -> None:
    place = Place()
    place.hold["spec"]["until"] = "9999-12-31T23:59:59.9999999Z"
    place.hold["metadata"]["resourceVersion"] = "2"
    place.cache.put("mirrorholds", place.hold)
    async with an_api_server(place.respond) as client:
        told = await place.tend(client)

    assert told["message"].startswith("spec.until: write a time in RFC 3339")
