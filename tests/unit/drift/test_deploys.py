"""Deploys: told once, with what really runs."""

import pytest

from stagingmirror.api.status.report import ComponentReport
from stagingmirror.drift.deploys import (
    Deploy,
    DeployKey,
    Judged,
    Running,
    compared_late,
    describe,
    from_dict,
    latest,
    news,
    to_dict,
)
from stagingmirror.drift.facts import Acceptance, Fact
from support.kinds.observations import component, seen, unseen

KEY = DeployKey("fraud-model", "staging")
FACTS = {"contentHash": "sha256:" + "9" * 64, "runId": "6b1f0e", "dataSnapshot": "2026-11-20"}


def running(revision: str = "r1", *, over: bool = True, key: DeployKey = KEY) -> Running:
    return Running(key, {"Deployment fraud-server": revision}, 1000.0, over)


def judged(*components: ComponentReport) -> dict[str, Judged]:
    return {each.name: Judged(each.observations, each.verdict, tuple(FACTS)) for each in components}


def model(**staging: str) -> ComponentReport:
    return component("fraud-model", seen(FACTS), seen(FACTS | staging))


def test_a_rollout_is_a_deploy_with_its_provenance() -> None:
    (deploy,) = latest((), [running()], judged(model()))

    assert dict(deploy.provenance) == FACTS
    assert deploy.workloads == ("Deployment fraud-server",)
    assert (deploy.verified, deploy.mismatch) == (True, ())


def test_a_mismatch_is_flagged_with_the_facts_that_differ() -> None:
    (deploy,) = latest((), [running()], judged(model(runId="a09c44")))

    assert deploy.mismatch == ("runId",)
    assert deploy.message.endswith("differs from production in runId")


def test_a_deploy_that_is_only_declared_to_be_alike_is_not_called_verified() -> None:
    declared = {name: Fact(value, declared=True) for name, value in FACTS.items()}
    alike = component("fraud-model", seen(declared), seen(declared))
    (deploy,) = latest((), [running()], judged(alike))

    assert deploy.declared
    assert deploy.message.endswith("; declared as production, not proven to run")
    assert from_dict(to_dict(deploy), at=deploy.at) == deploy


def test_a_deploy_that_differs_in_what_is_accepted_names_that() -> None:
    accepted = Acceptance("fraud-model", "runId", "retrained here")
    report = component(
        "fraud-model", seen(FACTS), seen(FACTS | {"runId": "a09c44"}), acceptances=(accepted,)
    )
    (deploy,) = latest((), [running()], judged(report))

    assert deploy.accepted == ("runId",)
    assert deploy.message.endswith("verified: as production, but for what is accepted: runId")
    assert from_dict(to_dict(deploy), at=deploy.at) == deploy


def test_a_deploy_is_not_called_verified_while_the_other_side_is_unseen() -> None:
    (deploy,) = latest((), [running()], judged(component("fraud-model", unseen(), seen(FACTS))))

    assert not deploy.verified
    assert deploy.message.endswith("not verified: production was not seen")


@pytest.mark.parametrize(
    ("over", "staging"), [(False, seen(FACTS)), (True, unseen())], ids=["rolling", "unseen"]
)
def test_a_rollout_is_not_told_before_it_is_over_and_seen(over: bool, staging: object) -> None:
    former = latest((), [running("r1")], judged(model()))
    hidden = judged(component("fraud-model", seen(FACTS), staging))  # type: ignore[arg-type]

    assert latest(former, [running("r2", over=over)], hidden) == former


def test_the_same_revision_is_the_same_deploy_whatever_is_seen_later() -> None:
    former = latest((), [running()], judged(model()))

    assert latest(former, [running()], judged(model(runId="other"))) == former


def test_a_new_revision_is_news_once() -> None:
    former = latest((), [running("r1")], judged(model()))
    now = latest(former, [running("r2")], judged(model()))

    assert news(former, now) == now
    assert news(now, now) == ()


def test_what_was_led_back_to_is_dated_when_that_was_seen_and_not_when_it_was_made() -> None:
    def served(index: str, *, made: float, seen: float) -> Running:
        return Running(KEY, {"alias products": index}, made, over=True, seen=seen)

    first = latest((), [served("products-6", made=1000.0, seen=1100.0)], judged(model()))
    newer = latest(first, [served("products-7", made=2000.0, seen=2100.0)], judged(model()))
    back = latest(newer, [served("products-6", made=1000.0, seen=3000.0)], judged(model()))

    assert [deploy.at for (deploy,) in (first, newer, back)] == [1000.0, 2000.0, 3000.0]
    assert latest(back, [served("products-6", made=1000.0, seen=3060.0)], judged(model())) == back


def test_a_deploy_of_which_the_other_side_was_unseen_is_compared_once_it_is_seen() -> None:
    key, former = KEY, latest((), [running("r1")], judged(model()))
    hidden = judged(component("fraud-model", unseen(), seen(FACTS)))
    told = latest(former, [running("r2")], hidden)
    assert latest(told, [running("r2")], hidden) == told

    late = latest(told, [running("r2")], judged(model(runId="a09c44")))

    assert [(each.key, each.verified, each.mismatch) for each in late] == [(key, True, ("runId",))]
    assert late[0].workloads == told[0].workloads
    assert (news(told, late), compared_late(told, late)) == ((), late)
    again = latest(late, [running("r2")], judged(model()))
    assert (again, compared_late(late, again)) == (late, ())


def test_what_is_seen_for_the_first_time_is_no_news() -> None:
    assert news((), latest((), [running()], judged(model()))) == ()


def test_nor_is_that_it_could_be_compared_only_later() -> None:
    hidden = judged(component("fraud-model", unseen(), seen(FACTS)))
    first = latest((), [running()], hidden)
    kept = tuple(filter(None, (from_dict(to_dict(each), at=1000.0) for each in first)))

    late = latest(kept, [running()], judged(model(runId="a09c44")))

    assert [(each.verified, each.mismatch) for each in late] == [(True, ("runId",))]
    assert (news(kept, late), compared_late(kept, late)) == ((), ())


def test_only_the_workloads_that_changed_are_named() -> None:
    key = KEY
    both = Running(key, {"Deployment a": "1", "Deployment b": "1"}, 1.0, over=True)
    one = Running(key, {"Deployment a": "1", "Deployment b": "2"}, 2.0, over=True)
    former = latest((), [both], judged(model()))

    (deploy,) = latest(former, [one], judged(model()))

    assert deploy.workloads == ("Deployment b",)


def test_there_is_one_deploy_per_component_and_side_in_the_order_of_the_mirror() -> None:
    production = running(key=DeployKey("fraud-model", "production"))
    other = running(key=DeployKey("a-later-one", "staging"))
    components = judged(model(), component("a-later-one", seen(FACTS), seen(FACTS)))

    found = latest((), [other, running(), production], components)

    assert [each.key for each in found] == [production.key, KEY, other.key]


def test_a_component_that_is_gone_takes_its_deploys_along() -> None:
    former = latest((), [running()], judged(model()))

    assert latest(former, [running()], {}) == ()


def test_a_deploy_survives_the_status() -> None:
    (deploy,) = latest((), [running()], judged(model(runId="a09c44")))

    read = from_dict(to_dict(deploy), at=1000.0)
    assert read == deploy
    assert read is not None
    assert read.message == deploy.message


@pytest.mark.parametrize("written", [{}, {"component": "a"}, {"component": "a", "side": "left"}])
def test_an_entry_of_another_version_is_no_deploy(written: dict[str, str]) -> None:
    assert from_dict(written, at=0.0) is None


def test_provenance_is_bounded_and_keeps_what_identifies_the_model() -> None:
    many = FACTS | {f"parameters.{n:03}": "x" * 1000 for n in range(100)}
    (deploy,) = latest((), [running()], judged(component("fraud-model", seen(many), seen(many))))

    assert FACTS.items() <= deploy.provenance.items()
    assert len(deploy.provenance) <= 16
    assert max(map(len, deploy.provenance.values())) <= 128


def test_a_deploy_is_told_in_one_sentence() -> None:
    deploy = Deploy(KEY, {}, ("Deployment fraud-server",), 0.0, FACTS, verified=True)

    assert describe(deploy, tuple(FACTS)) == (
        "fraud-model in staging: Deployment fraud-server rolled out with contentHash "
        "sha256:99999999, runId 6b1f0e, dataSnapshot 2026-11-20; verified: as production"
    )
