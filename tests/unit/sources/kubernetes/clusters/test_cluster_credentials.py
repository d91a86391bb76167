"""By what a cluster is read: taken up, refused by name, replaced and withdrawn."""

import base64
import time
from pathlib import Path

import pytest

from rig.certificates import Authority
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.reasons import Reason
from stagingmirror.view import Observed
from support.clusters.remote_clusters import (
    CLUSTER,
    WEB,
    Remote,
    a_remote,
    is_seen,
    known_clusters,
    why,
)
from support.kubernetes.cluster_bodies import deployment
from support.operators.waiting import holds


@pytest.fixture
def there(tmp_path: Path) -> Remote:
    return a_remote(tmp_path)


async def test_a_rotated_credential_is_used_and_nothing_is_unseen_meanwhile(
    tmp_path: Path, there: Remote
) -> None:
    there.accepted = {"one", "two"}
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig())
        await holds(lambda: is_seen(known) and bool(there.watches))
        lists = there.lists.total()
        missed: list[object] = []

        known.configure(production=there.kubeconfig("two"))
        there.accepted = {"two"}

        def is_watched_again() -> bool:
            answer = known.clusters.get(WEB)
            if not isinstance(answer, Observed):
                missed.append(answer)
            return there.used["two"] > 8 and is_seen(known)

        await holds(is_watched_again)
        there.put("deployments", deployment(replicas=3))

        def is_scaled() -> bool:
            answer = known.clusters.get(WEB)
            return (
                isinstance(answer, Observed)
                and answer.value is not None
                and answer.value.replicas == 3
            )

        await holds(is_scaled)
    assert missed == []
    assert lists > 0


async def test_a_token_that_is_refused_is_told_with_the_environments_name(
    tmp_path: Path, there: Remote
) -> None:
    there.accepted = set()
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig())

        await holds(lambda: why(known).reason == Reason.UNAUTHORIZED)

        assert why(known).message.startswith('cluster of environment "production": ')
        answers = known.clusters.answers("production")
        assert isinstance(answers, Unseen)
        assert answers.why.reason == Reason.UNAUTHORIZED


async def test_a_token_that_has_expired_is_told_with_its_time(
    tmp_path: Path, there: Remote
) -> None:
    claims = base64.urlsafe_b64encode(b'{"exp": 1795600000}').decode().rstrip("=")
    there.accepted = set()
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig(f"e30.{claims}.c2ln"))

        await holds(lambda: why(known).reason == Reason.UNAUTHORIZED)

        is_past = time.time() > 1795600000
        assert ("Its token expired at 2026-11-25T09:46:40Z" in why(known).message) is is_past
        assert claims not in why(known).message


async def test_credentials_that_are_withdrawn_are_not_used_any_more(
    tmp_path: Path, there: Remote
) -> None:
    gone = Why(Reason.SECRET_MISSING, "it is gone")
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig())
        await holds(lambda: is_seen(known))

        known.configure(production=gone)

        await holds(lambda: isinstance(known.clusters.get(WEB), Unseen))
        await holds(lambda: why(known).reason == Reason.SECRET_MISSING)
        assert known.clusters.is_elsewhere("production", CLUSTER) is None
        assert isinstance(known.clusters.reader_of("production", _spec()), Why)


@pytest.mark.parametrize(
    ("text", "reason", "says"),
    [
        ("nothing", "KubeconfigRefused", "it is not a kubeconfig"),
        ("authority", "KubeconfigRefused", "certificate-authority-data holds no certificate"),
        ("other", "CertificateNotTrusted", "put the CA that signed it"),
        ("name", "CertificateNotTrusted", "for another host; set server or tls-server-name"),
        ("link", "LinkLocal", "never connected to"),
    ],
)
async def test_what_cannot_be_used_is_told(
    tmp_path: Path, there: Remote, text: str, reason: str, says: str
) -> None:
    stranger = Remote(Authority(tmp_path / "stranger"))
    async with known_clusters(tmp_path, there) as known:
        stranger.url = there.url
        given = {
            "nothing": "nothing",
            "authority": there.kubeconfig(**{"certificate-authority-data": "QUFB"}),
            "other": stranger.kubeconfig(),
            "name": there.kubeconfig(**{"tls-server-name": "other.example"}),
            "link": there.kubeconfig(server="https://169.254.169.254"),
        }
        known.configure(production=given[text])

        await holds(lambda: why(known).reason == reason)

        assert says in why(known).message
    assert there.used.total() == 0


def _spec() -> MirrorEnvironmentSpec:
    return MirrorEnvironmentSpec.model_validate({"role": "Production", "cluster": CLUSTER})
