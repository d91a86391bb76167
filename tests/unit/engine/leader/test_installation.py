"""Whose a cluster is; what the garbage collector of a real cluster does is tested on one."""

import asyncio
from typing import Any

import pytest

from stagingmirror.cli.operator.health import State
from stagingmirror.engine.leader import installation
from stagingmirror.engine.leader.installation import Installation, InstallationClaim
from stagingmirror.engine.leader.takeover import Leadership
from support.kubernetes.api_server import Answer, an_api_server, not_found, refused
from support.operators.waiting import holds

OURS = Installation("ours", "mirror")
ANOTHER = Installation("theirs", "mirror")


class Elected:
    """An elector that holds the Lease of its namespace, as in each of two namespaces."""

    leading = True


class Cluster:
    """An API server that has one claim, as soon as somebody makes it."""

    def __init__(self, holder: Installation | None = None, *, role: Answer | None = None) -> None:
        self.claim: dict[str, Any] | None = None if holder is None else _body(holder)
        self.role = role or (200, {"kind": "ClusterRole", "metadata": {"uid": "u-1"}})
        self.quicker: Installation | None = None
        self.down = False

    def respond(self, method: str, path: str, body: Any) -> Answer:
        if self.down:
            return refused(500, "InternalError")
        if "clusterroles" in path:
            return self.role
        if method == "POST":
            if self.quicker is not None:
                self.claim, self.quicker = _body(self.quicker), None
                return refused(409, "AlreadyExists")
            self.claim = body
        return not_found("stagingmirror") if self.claim is None else (200, self.claim)


def _body(holder: Installation) -> dict[str, Any]:
    spec = {"namespace": holder.namespace, "release": holder.release}
    return {"kind": "MirrorInstallation", "metadata": {}, "spec": spec}


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "EVERY", 0.01)


async def test_the_first_one_claims_the_cluster_for_as_long_as_its_release_lasts() -> None:
    cluster = Cluster()
    async with an_api_server(cluster.respond) as client:
        claim = InstallationClaim(client, OURS)
        leadership = Leadership(Elected(), claim)  # type: ignore[arg-type]  # duck
        leadership._prepared = True
        before = leadership.leading()

        await claim.acquire()

        assert (before, leadership.leading()) == (False, True)
    assert cluster.claim is not None
    assert cluster.claim["spec"] == {"namespace": "ours", "release": "mirror"}
    (owner,) = cluster.claim["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("ClusterRole", "mirror", "u-1")


@pytest.mark.parametrize(
    "holder", [ANOTHER, Installation("ours", "another")], ids=["namespace", "release"]
)
async def test_the_second_one_says_whose_the_cluster_is_and_waits(holder: Installation) -> None:
    cluster = Cluster(holder)
    async with an_api_server(cluster.respond) as client:
        claim = InstallationClaim(client, OURS)
        acquiring = asyncio.create_task(claim.acquire())
        await holds(lambda: str(holder) in (claim.trouble or ""))

        state = State(claim)
        assert str(holder) in (state.ready() or "")
        assert state.live() is None
        assert not claim.held

        cluster.claim = None
        assert await acquiring
        assert claim.trouble is None


async def test_of_two_that_claim_at_once_one_wins() -> None:
    cluster = Cluster()
    cluster.quicker = ANOTHER
    async with an_api_server(cluster.respond) as client:
        claim = InstallationClaim(client, OURS)
        acquiring = asyncio.create_task(claim.acquire())
        await holds(lambda: str(ANOTHER) in (claim.trouble or ""))
        acquiring.cancel()

    assert not claim.held


@pytest.mark.parametrize("now", [ANOTHER, None], ids=["another's", "deleted"])
async def test_who_has_lost_the_claim_writes_nothing_any_more(now: Installation | None) -> None:
    cluster = Cluster(OURS)
    async with an_api_server(cluster.respond) as client:
        claim = InstallationClaim(client, OURS)
        leadership = Leadership(Elected(), claim)  # type: ignore[arg-type]  # duck
        leadership._prepared = True
        await claim.acquire()
        assert leadership.leading()

        cluster.claim = None if now is None else _body(now)
        await claim.watch()

        assert not leadership.leading()
        assert State(claim).ready() is not None


async def test_an_api_server_that_does_not_answer_takes_no_claim_away() -> None:
    cluster = Cluster(OURS)
    async with an_api_server(cluster.respond) as client:
        claim = InstallationClaim(client, OURS)
        await claim.acquire()
        cluster.down = True
        watching = asyncio.create_task(claim.watch())
        await asyncio.sleep(0.1)

        assert claim.held
        assert not watching.done()
        watching.cancel()


@pytest.mark.parametrize("role", [not_found("mirror"), refused(403, "Forbidden")])
async def test_without_a_cluster_role_the_claim_stays_until_somebody_deletes_it(
    role: Answer,
) -> None:
    cluster = Cluster(role=role)
    async with an_api_server(cluster.respond) as client:
        await InstallationClaim(client, OURS).acquire()

    assert cluster.claim is not None
    assert cluster.claim["metadata"]["ownerReferences"] == []
