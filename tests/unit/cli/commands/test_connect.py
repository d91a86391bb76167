"""``connect`` prints what another cluster needs: an account that may read and nothing more, and a
kubeconfig that the operator takes.
"""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from rig.certificates import Authority
from rig.kubernetes import write_kubeconfig
from stagingmirror.api.spec.parse import parse_environment
from stagingmirror.cli.app import app
from stagingmirror.cli.read.reader_account import ReaderAccount
from stagingmirror.sources.kubernetes.api.kubeconfig import parse_kubeconfig
from stagingmirror.sources.kubernetes.api.remote_login import remote_login
from stagingmirror.sources.kubernetes.watch.watched_kinds import RESOURCES
from support.resources import resources

READING = {"get", "list", "watch"}
SERVER = "https://production.example:6443"


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """Of a person: its context is ``rig``, and the token is theirs."""
    ca = Authority(tmp_path / "ca").certificate
    return write_kubeconfig(
        tmp_path / "kubeconfig", server=SERVER, ca=ca, token="a-persons-token", user="me"
    )


def printed(kubeconfig: Path, *options: str) -> str:
    given = ["connect", "production", "--kubeconfig", str(kubeconfig), "--context", "rig"]
    ran = CliRunner().invoke(app, [*given, "-n", "ml-prod", *options])
    assert ran.exit_code == 0, ran.output
    return ran.output


def objects(text: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(text) if each is not None]


def test_the_account_may_read_what_is_watched_and_write_nothing() -> None:
    account = ReaderAccount("reader", ("ml-prod", "ml-shared"))

    roles = [each for each in account.objects() if each["kind"] == "Role"]

    assert [each["metadata"]["namespace"] for each in roles] == [
        "ml-prod",
        "ml-shared",
        "kube-system",
    ]
    rules = [rule for each in roles for rule in each["rules"]]
    assert {verb for rule in rules for verb in rule["verbs"]} == READING
    named = {resource for rule in roles[0]["rules"] for resource in rule["resources"]}
    assert named == {each.plural for each in RESOURCES.values() if not each.cluster_wide}
    assert roles[2]["rules"][0]["resourceNames"] == ["kube-system"]
    kinds = {each["kind"] for each in account.objects()}
    assert kinds == {"ServiceAccount", "Secret", "Role", "RoleBinding"}


def test_accounts_of_one_name_in_two_namespaces_take_no_rights_from_each_other() -> None:
    one, other = (
        {
            (each["kind"], each["metadata"]["namespace"], each["metadata"]["name"])
            for each in account.objects()
        }
        for account in (
            ReaderAccount("reader", ("ml-prod", "ml-shared")),
            ReaderAccount("reader", ("ml-eu", "ml-shared")),
        )
    )

    assert one & other == set()


def test_what_is_printed_leads_there_and_holds_no_credential_of_the_person(
    kubeconfig: Path,
) -> None:
    text = printed(kubeconfig, "-n", "ml-shared", "--operator-namespace", "ops")

    *_, secret = objects(text)
    assert "a-persons-token" not in text
    assert secret["metadata"] == {
        "name": "production-cluster",
        "namespace": "ops",
        "labels": {"stagingmirror.dev/environment": "production"},
    }
    found = parse_kubeconfig(secret["stringData"]["kubeconfig"])
    remote_login(found)
    assert found.address.server == SERVER
    assert found.token == "TOKEN"
    wanted = yaml.safe_load(text.rpartition("then needs:")[2].replace("#", ""))
    body = resources.environment(**wanted["spec"])
    assert parse_environment(body).kubeconfig == "production-cluster/kubeconfig"
    assert parse_environment(body).namespaces == ("ml-prod", "ml-shared")


def test_the_operator_may_reach_it_by_another_address(kubeconfig: Path) -> None:
    *_, secret = objects(printed(kubeconfig, "--server", "https://10.1.1.1"))

    found = parse_kubeconfig(secret["stringData"]["kubeconfig"])
    assert found.address.server == "https://10.1.1.1"
    assert base64.b64encode(found.address.authorities.encode())


@pytest.mark.parametrize(
    "options",
    [
        ["--context", "rig"],
        ["-n", "ml-prod"],
        ["--context", "rig", "-n", "ml-prod", "--apply", "--dry-run", "server"],
    ],
)
def test_what_is_missing_or_contradicts_itself_is_refused(options: list[str]) -> None:
    assert CliRunner().invoke(app, ["connect", "production", *options]).exit_code == 2


@pytest.mark.parametrize(
    ("proxy", "server", "says"),
    [
        ("http://me:hunter2@proxy:3128", SERVER, "proxy-url of its cluster"),
        (None, "http://production.example", "server of its cluster must begin with https"),
        (None, "https://hunter2@production.example", "server of its cluster"),
    ],
)
@pytest.mark.parametrize("how", [[], ["--apply"], ["--dry-run", "server"]])
def test_what_the_operator_would_refuse_is_neither_printed_nor_written(
    kubeconfig: Path, proxy: str | None, server: str, says: str, how: list[str]
) -> None:
    whole = yaml.safe_load(kubeconfig.read_text())
    whole["clusters"][0]["cluster"] |= {"proxy-url": proxy} if proxy else {}
    kubeconfig.write_text(yaml.safe_dump(whole))
    given = ["connect", "production", "--kubeconfig", str(kubeconfig), "--context", "rig"]

    ran = CliRunner().invoke(app, [*given, "-n", "ml-prod", "--server", server, *how])

    assert ran.exit_code == 1
    assert says in ran.output
    assert "hunter2" not in ran.output
    assert "kind:" not in ran.output


def test_a_kubeconfig_without_authorities_cannot_lead_the_operator(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    whole = {
        "clusters": [{"name": "c", "cluster": {"server": SERVER}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "rig", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(yaml.safe_dump(whole))
    given = ["connect", "production", "--kubeconfig", str(path), "--context", "rig", "-n", "a"]

    ran = CliRunner().invoke(app, given)

    assert ran.exit_code == 1
    assert "certificate-authority-data" in ran.output
