"""Every group of tests declares its seconds, and a run names those that took more."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from support.seconds import TESTS, Budgets, Sum

XDIST_GROUP = re.compile(r'xdist_group\("([^"]+)"')
RUNS = ("unit", "contract", "integration", "e2e")
SERVERS = {
    "rig.control_plane",
    "rig.endpoints.feast_server",
    "rig.endpoints.mlserver",
    "rig.endpoints.scoring_server",
    "rig.mlflow_server",
    "rig.stores.object_store",
    "rig.stores.opensearch",
    "rig.stores.postgres",
    "rig.cluster.cluster",
}
HAVE_THEIR_OWN = {
    "integration/rig/test_control_plane.py": "how one is started and ended",
    "integration/engine/check/test_another_cluster.py": "a second cluster beside the first",
    "integration/engine/check/test_permissions.py": "an API server that asks a webhook",
    "integration/engine/refresh/test_mlflow_releases.py": "releases and roots of MLflow, pairwise",
    "integration/sources/index/test_pgvector.py": "a disk of a few MiB",
    "integration/sources/mlflow/test_identity.py": "two tracking servers over one registry",
    "integration/sources/mlflow/test_names.py": "a server that checks the host's name",
    "integration/sources/mlflow/test_old_release.py": "an old release that wants a login",
    "integration/sources/mlflow/test_workspaces.py": "a server with workspaces",
    "integration/sources/objectstore/test_copy.py": "artifacts that clients write to a bucket",
    "e2e/test_rig_cluster.py": "how one is started and ended",
}
"""Files of tests that start a server, and what no shared one has."""
TWO = """
minutes = 1
besides = 20
[runs.quick]
workers = 2
groups = {"tests/quick" = 30, "tests/quick/inner" = 5}
[runs.slow]
workers = 1
groups = {alone = 15}
"""


def groups_of_the_tree(budgets: Budgets) -> set[str]:
    """As the files name them; a file that names none is in the group of its folder."""
    found: set[str] = set()
    for path in TESTS.rglob("*.py"):
        named = set(XDIST_GROUP.findall(path.read_text()))
        below = path.relative_to(TESTS.parent)
        if not named and path.name.startswith("test_") and below.parts[1] in RUNS:
            named = {budgets.group_of(below, None)}
        if path != Path(__file__):
            found |= named
    return found


def starts_a_server(path: Path) -> bool:
    nodes = [*ast.walk(ast.parse(path.read_text()))]
    classes = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module in SERVERS
        for alias in node.names
    }
    called = (node.func for node in nodes if isinstance(node, ast.Call))
    return any(isinstance(each, ast.Name) and each.id in classes for each in called)


def report(group: str | None, seconds: float, **started: float) -> pytest.TestReport:
    """What one phase of one test reports."""
    properties: list[Any] = [("group", group)] if group else []
    properties += [("started", each) for each in started.items()]
    return pytest.TestReport(
        "t.py::test", ("t.py", 1, "test"), {}, "passed", None, "call", (), seconds, 0, 0, properties
    )


def lines_after(*reports: pytest.TestReport) -> list[str]:
    summed = Sum(Budgets.read(TWO))
    for each in reports:
        summed.pytest_runtest_logreport(each)
    return [" ".join(line.split()) for line in summed.lines()]


def test_every_group_declares_its_seconds_and_none_is_declared_that_is_gone() -> None:
    budgets = Budgets.declared()
    groups = groups_of_the_tree(budgets)

    assert groups - budgets.groups.keys() == set(), "declare their seconds in tests/budgets.toml"
    assert budgets.groups.keys() - groups == set(), "no test is in these"


def test_what_is_declared_fits_into_the_minutes_of_make_test() -> None:
    budgets = Budgets.declared()

    assert budgets.seconds <= budgets.minutes * 60


def test_heavy_servers_are_those_of_the_worker_or_of_one_group() -> None:
    files = (path for run in RUNS for path in (TESTS / run).rglob("*.py"))
    own = {path.relative_to(TESTS).as_posix() for path in files if starts_a_server(path)}

    assert own == set(HAVE_THEIR_OWN)
    for name in own:
        text = (TESTS / name).read_text()
        assert 'scope="module"' not in text or XDIST_GROUP.search(text), f"{name}: one worker each"


def test_what_all_runs_take_is_what_their_workers_share_and_what_is_besides() -> None:
    assert Budgets.read(TWO).seconds == 20 + 35 / 2 + 15


def test_a_group_that_two_runs_declare_is_refused() -> None:
    third = "[runs.third]\nworkers = 1\ngroups = {alone = 1}\n"

    with pytest.raises(ValueError, match="two runs: alone"):
        Budgets.read(TWO + third)


def test_the_innermost_declared_folder_is_the_group_and_a_marked_test_is_in_its_own() -> None:
    budgets = Budgets.read(TWO)

    assert budgets.group_of(Path("tests/quick/a/test_b.py"), None) == "tests/quick"
    assert budgets.group_of(Path("tests/quick/inner/test_b.py"), None) == "tests/quick/inner"
    assert budgets.group_of(Path("tests/quick/test_b.py"), "alone") == "alone"
    assert budgets.group_of(Path("tests/new/test_b.py"), None) == "tests/new"


def test_seconds_are_added_up_and_what_is_over_its_budget_is_marked() -> None:
    assert lines_after(report("alone", 9), report("tests/quick", 31), report("alone", 6)) == [
        "31 of 30 tests/quick: OVER its budget",
        "15 of 15 alone",
    ]


def test_a_group_without_a_budget_is_named_however_quick_it_is() -> None:
    assert lines_after(report("alone", 0.9), report("tests/new", 0.1)) == [
        "0 of ? tests/new: NOT DECLARED in tests/budgets.toml"
    ]


def test_the_start_of_a_server_is_counted_and_is_not_of_the_group_that_came_first() -> None:
    first = report("alone", 12, mlflow=10.0)

    assert lines_after(first, report("alone", 2, mlflow=1.0)) == [
        "3 of 15 alone",
        "11 mlflow, starts: 2",
    ]


def test_a_worker_that_crashed_costs_no_summary() -> None:
    assert lines_after(report(None, 3), report("alone", 2)) == ["2 of 15 alone"]
