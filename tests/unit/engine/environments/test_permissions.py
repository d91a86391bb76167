"""What the conditions of an environment say of our own rights: no more than was answered."""

from typing import Any

import pytest

from stagingmirror.engine.environments.permissions import BELIEVED, GOOD_FOR, Permissions
from stagingmirror.errors import NotAnswered
from support.kubernetes.api_server import Answer, an_api_server, refused
from support.operators.runtimes import a_runtime


def reviewed(**status: Any) -> Answer:
    return 201, {
        "kind": "SelfSubjectRulesReview",
        "status": {"resourceRules": [], "incomplete": False, **status},
    }


@pytest.mark.parametrize(
    ("namespaces", "answer", "status", "reason"),
    [
        (["ml-prod"], reviewed(incomplete=True), "Unknown", "Incomplete"),
        (["ml-prod"], refused(403, "Forbidden"), "Unknown", "Forbidden"),
        ([], reviewed(), "Unknown", "NothingListed"),
        (["ml-prod"], reviewed(), "True", "CannotWrite"),
    ],
)
async def test_read_only_is_said_only_where_the_cluster_told_everything(
    namespaces: list[str], answer: Answer, status: str, reason: str
) -> None:
    async with an_api_server(lambda method, path, body: answer) as client:
        condition = await Permissions(client, runtime=a_runtime(lambda: 0.0)).read_only(namespaces)

    assert (condition.status, condition.reason) == (status, reason)


async def test_an_account_that_may_not_ask_what_it_may_is_told_what_to_give_it() -> None:
    async with an_api_server(lambda method, path, body: refused(403, "Forbidden")) as client:
        why = await Permissions(client, runtime=a_runtime(lambda: 0.0)).unreadable(["ml-prod"])

    assert why is not None
    assert why.reason == "Forbidden"
    assert "system:basic-user" in why.message


async def test_what_was_answered_counts_while_nobody_answers_but_not_for_ever() -> None:
    now, answer = 0.0, reviewed()
    async with an_api_server(lambda method, path, body: answer) as client:
        rights = Permissions(client, runtime=a_runtime(lambda: now))
        assert (await rights.read_only(["ml-prod"])).status == "True"
        answer = refused(503, "ServiceUnavailable")

        now = GOOD_FOR + 1
        with pytest.raises(NotAnswered):
            await rights.read_only(["ml-prod"])

        now = BELIEVED + 1
        assert (await rights.read_only(["ml-prod"])).status == "Unknown"
        unreadable = await rights.unreadable(["ml-prod"])

    assert unreadable is not None
    assert unreadable.reason == "ClusterNotAnswering"
