"""Since when a hold is effective, and what it says until then."""

from typing import Any

from stagingmirror.engine.holds.active import AcknowledgedHolds, read
from stagingmirror.engine.holds.reconciler import HoldReconciler
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from support.kubernetes.api_server import Answer, an_api_server
from support.operators.runtimes import a_runtime
from support.resources import resources

FRAUD = MirrorKey("ml-staging", "fraud")


class Place:
    """An API server with one mirror and one hold of it, and the keeper of holds."""

    def __init__(self, **spec: Any) -> None:
        self.cache, self.acknowledged = ResourceCache(), AcknowledgedHolds()
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
        self.acknowledged.passed(request, FRAUD)

    def delete_mirror(self, name: str = "fraud") -> None:
        """It is on its way out, kept by somebody's finalizer."""
        mirror = resources.mirror(name)
        gone = {"uid": "uid", "resourceVersion": "2", "deletionTimestamp": "2026-11-25T10:00:00Z"}
        mirror["metadata"] |= gone
        self.cache.put("stagingmirrors", mirror)

    def edit(self, **spec: Any) -> None:
        metadata = {**self.hold["metadata"], "generation": 2, "resourceVersion": "9"}
        spec = {**self.hold["spec"], **spec}
        self.hold = {**self.hold, "metadata": metadata, "spec": spec}
        self.cache.put("mirrorholds", self.hold)

    async def tend(self, client: KubernetesClient) -> dict[str, Any]:
        """The hold's status after one look of the keeper."""
        keeper = HoldReconciler(
            cache=self.cache,
            resources=ResourceClient(client, self.cache, runtime=a_runtime()),
            acknowledged=self.acknowledged,
            still_open=lambda: frozenset(self.still_open),
            runtime=a_runtime(),
        )
        await keeper.tend()
        status: dict[str, Any] = self.hold.get("status") or {}
        return status


async def test_a_hold_is_not_effective_while_a_refresh_of_its_mirror_is_open_and_says_so() -> None:
    place = Place(mirrors=["fraud"])
    async with an_api_server(place.respond) as client:
        waiting = await place.tend(client)
        place.passed()
        effective = await place.tend(client)

    assert "effectiveSince" not in waiting
    assert waiting["message"] == "a refresh in progress finishes first"
    assert effective == {"effectiveSince": "2027-01-15T08:00:00Z", "observedGeneration": 1}


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
    assert waiting["message"] == "a refresh in progress finishes first"
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
