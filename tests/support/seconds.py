"""Seconds per group of tests, printed after a run against what ``tests/budgets.toml`` declares.

A pytest plugin (`-p support.seconds`). A test's group is its xdist group, else the declared folder
that it is in. The start of a fixture that lives as long as the run is no group's: it has a line of
its own, with how often it was started (once per worker). A machine may be busy, so that no run
fails here; that every group declares its seconds is a unit test.
"""

import time
import tomllib
from collections import defaultdict
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Self, cast

import pytest

TESTS = Path(__file__).parents[1]
_SHOWN_FROM_SECONDS = 1.0
_GROUP = "group"
_STARTED = "started"


@dataclass(frozen=True, slots=True)
class Budgets:
    """What ``tests/budgets.toml`` declares. ``seconds`` are those of all runs, one by one."""

    minutes: float
    seconds: float
    groups: dict[str, float]

    @classmethod
    def declared(cls) -> Self:
        return cls.read((TESTS / "budgets.toml").read_text())

    @classmethod
    def read(cls, text: str) -> Self:
        """`ValueError` where two runs declare one group."""
        content = tomllib.loads(text)
        seconds = content["besides"]
        groups: dict[str, float] = {}
        for run in content["runs"].values():
            if twice := groups.keys() & run["groups"].keys():
                raise ValueError(f"declared in two runs: {', '.join(sorted(twice))}")
            groups |= run["groups"]
            seconds += sum(run["groups"].values()) / run["workers"]
        return cls(content["minutes"], seconds, groups)

    def group_of(self, path: PurePath, xdist_group: str | None) -> str:
        """``path`` is that of the file, below the root. Its folder where none is declared."""
        if xdist_group is not None:
            return xdist_group
        folders = (folder.as_posix() for folder in path.parents)
        return next((name for name in folders if name in self.groups), path.parent.as_posix())


class Measure:
    """Writes into each test's report what is known only where the test runs: in an xdist worker."""

    def __init__(self, budgets: Budgets) -> None:
        self._budgets = budgets
        self._started: list[tuple[str, float]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object, object]:
        began = time.monotonic()
        try:
            return (yield)
        finally:
            if fixturedef.scope == "session":
                self._started.append((fixturedef.argname, time.monotonic() - began))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        mark = item.get_closest_marker("xdist_group")
        path = item.path.relative_to(item.config.rootpath)
        group = self._budgets.group_of(path, mark.args[0] if mark else None)
        report.user_properties.append((_GROUP, group))
        report.user_properties += [(_STARTED, started) for started in self._started]
        self._started.clear()
        return report


class Sum:
    """Adds up what the reports say, and prints it when the run ends."""

    def __init__(self, budgets: Budgets) -> None:
        self._budgets = budgets
        self._groups: dict[str, float] = defaultdict(float)
        self._starts: dict[str, list[float]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        seconds = report.duration
        for name, value in report.user_properties:
            if name == _STARTED:
                fixture, took = cast("tuple[str, float]", value)
                self._starts[fixture].append(took)
                seconds -= took
        # The report of a worker that crashed has none.
        if group := dict(report.user_properties).get(_GROUP):
            self._groups[str(group)] += seconds

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if lines := [*self.lines()]:
            terminalreporter.section("seconds per group of tests/budgets.toml")
            for line in lines:
                terminalreporter.write_line(line)

    def lines(self) -> Iterable[str]:
        """The longest first; what took less than a second only where it is not declared."""
        for group, seconds in sorted(self._groups.items(), key=lambda item: -item[1]):
            budget = self._budgets.groups.get(group)
            if budget is None:
                yield f"{seconds:6.0f} of    ?  {group}: NOT DECLARED in tests/budgets.toml"
            elif seconds >= _SHOWN_FROM_SECONDS:
                over = ": OVER its budget" if seconds > budget else ""
                yield f"{seconds:6.0f} of {budget:4.0f}  {group}{over}"
        for fixture, each in sorted(self._starts.items()):
            if sum(each) >= _SHOWN_FROM_SECONDS:
                yield f"{sum(each):6.0f}          {fixture}, starts: {len(each)}"


def pytest_configure(config: pytest.Config) -> None:
    budgets = Budgets.declared()
    config.pluginmanager.register(Measure(budgets), "seconds-measure")
    if not hasattr(config, "workerinput"):  # xdist's mark of a worker, whose reports are sent on
        config.pluginmanager.register(Sum(budgets), "seconds-sum")
