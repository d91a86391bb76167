"""What the conditions of an environment say of our own rights: no more than was answered."""

import asyncio
from typing import Any

import pytest

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Why
from stagingmirror.engine.environments import permissions
from stagingmirror.engine.environments.permissions import (
    BELIEVED,
    GOOD_FOR,
    SOON,
    Permissions,
)
from stagingmirror.errors import NotAnswered
from stagingmirror.sources.kubernetes.api.expiry import Expiry
from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from support.kubernetes.api_server import Answer, an_api_server, refused
from support.operators.runtimes import a_runtime


def reviewed(**status: Any) -> Answer:
    return 201, {
        "kind": "SelfSubjectRulesReview",
        "status": {"resourceRules": [], "incomplete": False, **status},
    }


def listing(*namespaces: str) -> MirrorEnvironmentSpec:
    return MirrorEnvironmentSpec.model_validate({"role": "Production", "namespaces": namespaces})


@pytest.mark.parametrize(
    ("namespaces", "answer", "status", "reason"),
    [
        (["ml-prod"], reviewed(incomplete=True), "True", "NoWriteAllowed"),
        (["ml-prod"], reviewed(incomplete=True, allowed=True), "False", "CanWrite"),
        (["ml-prod"], refused(403, "Forbidden"), "Unknown", "Forbidden"),
        ([], reviewed(), "Unknown", "NothingListed"),
        (["ml-prod"], reviewed(), "True", "CannotWrite"),
    ],
)
async def test_read_only_is_said_only_where_the_cluster_told_everything(
    namespaces: list[str], answer: Answer, status: str, reason: str
) -> None:
    async with an_api_server(lambda method, path, body: answer) as client:
        rights = Permissions(lambda name, spec: client, runtime=a_runtime(lambda: 0.0))
        condition = await rights.read_only("production", listing(*namespaces))

    assert (condition.status, condition.reason) == (status, reason)


@pytest.mark.parametrize(
    "status",
    [
        {"resourceRules": "all"},
        {"resourceRules": ["get"]},
        {"resourceRules": [{"verbs": 7}]},
        {"resourceRules": 7},
    ],
)
async def test_a_list_of_rights_that_is_none_is_no_answer(status: dict[str, Any]) -> None:
    async with an_api_server(lambda method, path, body: reviewed(**status)) as client:
        rights = Permissions(lambda name, spec: client, runtime=a_runtime(lambda: 0.0))
        with pytest.raises(NotAnswered):
            await rights.read_only("production", listing("ml-prod"))


@pytest.mark.parametrize("status", [None, [], "all", {"allowed": "yes"}, {}])
async def test_only_a_clear_yes_is_a_right(status: object) -> None:
    answer = 201, {"kind": "SelfSubjectAccessReview", "status": status}
    async with an_api_server(lambda method, path, body: answer) as client:
        rights = Permissions(lambda name, spec: client, runtime=a_runtime(lambda: 0.0))
        try:
            why = await rights.unreadable("production", listing("ml-prod"))
        except NotAnswered:
            return

    assert why is not None
    assert why.reason == "Forbidden"


async def test_an_account_that_may_not_ask_what_it_may_is_told_what_to_give_it() -> None:
    async with an_api_server(lambda method, path, body: refused(403, "Forbidden")) as client:
        rights = Permissions(lambda name, spec: client, runtime=a_runtime(lambda: 0.0))
        why = await rights.unreadable("production", listing("ml-prod"))

    assert why is not None
    assert why.reason == "Forbidden"
    assert "system:basic-user" in why.message


async def test_a_cluster_whose_answers_take_too_long_together_is_one_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(permissions, "PATIENCE", 0.2)

    async def slowly(*_: object) -> tuple[()]:
        await asyncio.sleep(0.15)
        return ()

    monkeypatch.setattr(permissions, "missing_permissions", slowly)
    now = 0.0
    async with an_api_server(lambda method, path, body: reviewed()) as client:
        rights = Permissions(lambda name, spec: client, runtime=a_runtime(lambda: now))
        assert await rights.unreadable("one", listing("a")) is None
        with pytest.raises(NotAnswered):
            await rights.unreadable("two", listing("a", "b"))
        now = BELIEVED + 1.0
        why = await rights.unreadable("two", listing("a", "b"))

    assert why is not None
    assert why.reason == "ClusterNotAnswering"


async def nobody() -> str | None:
    return None


@pytest.mark.parametrize(
    ("now", "issued", "status", "reason"),
    [
        (100_000.0, None, "False", "ExpiresLater"),
        (1_000_000.0 - SOON, None, "True", "ExpiresSoon"),
        (900_000.0, 990_000.0 - 86_400.0, "False", "ExpiresLater"),
        (999_000.0, 1_000_000.0 - 3_600.0, "False", "ExpiresLater"),
        (999_300.0, 1_000_000.0 - 3_600.0, "True", "ExpiresSoon"),
        (2_000_000.0, None, "True", "ExpiresSoon"),
    ],
)
async def test_credentials_that_expire_soon_are_named_in_time_and_short_ones_not_all_the_time(
    now: float, issued: float | None, status: str, reason: str
) -> None:
    login = Login("https://a", None, nobody, "default", expiry=Expiry(1_000_000.0, issued))
    async with KubernetesReader(login, timeout=1.0) as reader:
        rights = Permissions(lambda name, spec: reader, runtime=a_runtime(lambda: now))
        (condition,) = rights.expiring("production", listing("ml-prod"))

    assert (condition.type, condition.status, condition.reason) == (
        "CredentialsExpire",
        status,
        reason,
    )
    assert "1970-01-12T13:46:40Z" in str(condition.message)


async def test_what_was_answered_counts_while_nobody_answers_but_not_for_ever() -> None:
    now, answer = 0.0, reviewed()
    async with an_api_server(lambda method, path, body: answer) as client:
        rights = Permissions(lambda name, spec: client, runtime=a_runtime(lambda: now))
        assert (await rights.read_only("production", listing("ml-prod"))).status == "True"
        answer = refused(503, "ServiceUnavailable")

        now = GOOD_FOR + 1
        with pytest.raises(NotAnswered):
            await rights.read_only("production", listing("ml-prod"))

        now = BELIEVED + 1
        assert (await rights.read_only("production", listing("ml-prod"))).status == "Unknown"
        unreadable = await rights.unreadable("production", listing("ml-prod"))

    assert unreadable is not None
    assert unreadable.reason == "ClusterNotAnswering"


@pytest.mark.parametrize(("writable", "found"), [(True, ["False"]), (False, ["True"]), (None, [])])
def test_an_index_store_that_lets_us_write_is_no_production_that_is_only_read(
    writable: bool | None, found: list[str]
) -> None:
    rights = Permissions(
        lambda name, spec: Why("X", "x"),
        runtime=a_runtime(lambda: 0.0),
        writable=lambda _: writable,
    )

    assert [each.status for each in rights.upstreams("production")] == found
