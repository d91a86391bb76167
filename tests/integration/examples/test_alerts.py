"""Each alert of examples/alerts.yaml, judged by Prometheus' own engine."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.programs import program

pytestmark = pytest.mark.integration

RULES = Path(__file__).parents[3] / "examples" / "alerts.yaml"
LIMIT_SECONDS = 120
# As Prometheus names them where a scrape adds a namespace of its own.
MIRROR = {"namespace": "ops", "exported_namespace": "ml-staging", "name": "fraud"}

Labels = dict[str, str]
Series = list[tuple[str, Labels, str]]
"""Name, labels, and samples every 15 s in promtool's notation (``1x3``: four times 1)."""


def series(metric: str, samples: str, /, **labels: str) -> tuple[str, Labels, str]:
    return metric, labels, samples


def from_pod(pod: str, metric: str, samples: str, /, **labels: str) -> tuple[str, Labels, str]:
    return series(
        metric, samples, **MIRROR, pod=pod, instance=f"{pod}:8080", job="mirror", **labels
    )


def stalled(pod: str, samples: str) -> Series:
    """A mirror that needs a human, as this pod exports it while it leads."""
    return [
        from_pod(pod, "stagingmirror_condition", samples, type="Stalled", status="True"),
        from_pod(pod, "stagingmirror_sync", samples, sync="Unknown"),
    ]


def settled(cluster: str, pod: str, samples: str) -> tuple[str, Labels, str]:
    name = "stagingmirror_settled_timestamp_seconds"
    return series(name, samples, cluster=cluster, job="mirror", pod=pod)


def judge(tmp_path: Path, alert: str, given: Series, expected: dict[str, list[Labels]]) -> None:
    """Fail where the alert is not exactly these labels at each of these times."""
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [
                    {"series": f"{name}{_braces(labels)}", "values": samples}
                    for name, labels, samples in given
                ],
                "alert_rule_test": [
                    {
                        "eval_time": at,
                        "alertname": alert,
                        "exp_alerts": [{"exp_labels": labels} for labels in alerts],
                    }
                    for at, alerts in expected.items()
                ],
            }
        ],
    }
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump(test))
    done = subprocess.run(
        [str(program("promtool")), "test", "rules", str(file)],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _braces(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def test_the_file_is_one_that_prometheus_takes() -> None:
    command = [str(program("promtool")), "check", "rules", str(RULES)]
    subprocess.run(command, check=True, timeout=LIMIT_SECONDS, capture_output=True)


STALLED: dict[str, Any] = {**MIRROR, "type": "Stalled", "status": "True"}


def test_a_change_of_leader_neither_resolves_an_alert_nor_fires_it_anew(tmp_path: Path) -> None:
    given = [
        *stalled("a", "1x40 stale"),  # until 10 min
        *stalled("b", "_x43 1x40"),  # from 10 min 45 s on
    ]
    times = ("1m", "10m", "10m15s", "10m45s", "11m", "15m", "20m")

    judge(tmp_path, "StagingMirrorStalled", given, {at: [STALLED] for at in times})


def test_a_mirror_that_is_not_stalled_any_more_resolves_at_once_also_after_a_change_of_leader(
    tmp_path: Path,
) -> None:
    given = [
        *stalled("a", "1x40 stale"),
        from_pod("b", "stagingmirror_sync", "_x43 1x40", sync="InSync"),
    ]

    judge(
        tmp_path,
        "StagingMirrorStalled",
        given,
        {"10m30s": [STALLED], "10m45s": [], "12m": []},
    )


def test_a_mirror_that_is_deleted_is_reported_for_five_minutes_at_most(tmp_path: Path) -> None:
    given = stalled("a", "1x40 stale")

    judge(tmp_path, "StagingMirrorStalled", given, {"14m": [STALLED], "15m15s": []})


def test_overdue_drift_is_reported_once_whoever_leads(tmp_path: Path) -> None:
    name, labels = "stagingmirror_condition", {"type": "DriftOverdue", "status": "True"}
    given = [
        from_pod("a", name, "1x40 stale", **labels),
        from_pod("a", "stagingmirror_sync", "1x40 stale", sync="Drifted"),
        from_pod("b", name, "_x43 1x40", **labels),
        from_pod("b", "stagingmirror_sync", "_x43 1x40", sync="Drifted"),
    ]

    expected = [{**MIRROR, **labels}]
    judge(
        tmp_path,
        "StagingDriftOverdue",
        given,
        dict.fromkeys(("0m", "10m30s", "11m", "20m"), expected),
    )


def test_a_status_that_cannot_be_written_is_reported_across_a_change_of_leader(
    tmp_path: Path,
) -> None:
    given = [
        from_pod("a", "stagingmirror_unsettled", "1x16 stale"),  # until 4 min
        from_pod("a", "stagingmirror_sync", "1x16 stale", sync="InSync"),
        from_pod("b", "stagingmirror_unsettled", "_x19 1x20"),  # from 4 min 45 s to 10 min
        from_pod("b", "stagingmirror_sync", "_x19 1x60", sync="InSync"),
    ]

    judge(
        tmp_path,
        "StagingMirrorStatusNotWritten",
        given,
        {"4m45s": [], "5m": [MIRROR], "9m": [MIRROR], "16m": []},
    )


def test_a_rollback_that_waits_is_reported_across_a_change_of_leader_and_no_longer_than_it_waits(
    tmp_path: Path,
) -> None:
    name = "stagingmirror_rollback_waiting"
    given = [
        from_pod("a", name, "1x12 stale"),  # until 3 min
        from_pod("b", name, "_x16 1x20 stale"),  # from 4 min to 9 min
    ]

    judge(
        tmp_path,
        "StagingRollbackWaiting",
        given,
        {"4m45s": [], "5m": [MIRROR], "9m": [MIRROR], "12m": []},
    )


def test_work_that_keeps_all_other_work_waiting_is_reported(tmp_path: Path) -> None:
    name, pod = "stagingmirror_loop_longest_hold_seconds", {"job": "mirror", "pod": "a"}
    given = [series(name, "0.1x40 0.8x60", **pod)]

    judge(tmp_path, "StagingMirrorHeld", given, {"10m": [], "14m": [], "16m": [pod]})


def test_no_alert_is_left_out_here() -> None:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    alerts = {each["alert"] for each in group["rules"] if "alert" in each}

    judged = Path(__file__).read_text()
    assert {each for each in alerts if f'"{each}"' not in judged} == set()


def test_a_quarter_of_an_hour_of_unknown_counts_across_a_change_of_leader(tmp_path: Path) -> None:
    given = [
        *stalled("a", "1x32 stale"),  # until 8 min
        *stalled("b", "_x35 1x60"),  # from 8 min 45 s on
    ]

    unknown = {**MIRROR, "sync": "Unknown"}
    judge(tmp_path, "StagingUnknown", given, {"14m45s": [], "15m": [unknown], "20m": [unknown]})


def test_moments_of_unknown_do_not_add_up(tmp_path: Path) -> None:
    """Unknown for one minute in four."""
    given = [from_pod("a", "stagingmirror_sync", " ".join(["1x3 0x11"] * 10), sync="Unknown")]

    judge(tmp_path, "StagingUnknown", given, {at: [] for at in ("15m", "20m", "30m", "39m")})


def test_a_dead_installation_is_not_hidden_by_one_that_is_alive(tmp_path: Path) -> None:
    given = [
        settled("one", "a", "0+15x400"),
        settled("two", "b", "0+15x20 300x380"),  # stands still from 5 min on
    ]

    two = [{"cluster": "two", "job": "mirror"}]
    judge(
        tmp_path,
        "StagingMirrorSilent",
        given,
        {"5m": [], "8m": [], "9m30s": two, "60m": two},
    )


def test_an_installation_whose_pods_are_gone_is_reported_for_a_day(tmp_path: Path) -> None:
    given = [settled("one", "a", "0+15x6000"), settled("two", "b", "0+15x20 stale")]

    two = [{"cluster": "two", "job": "mirror"}]
    judge(
        tmp_path,
        "StagingMirrorSilent",
        given,
        {"5m": [], "9m30s": two, "10h": two, "23h": two, "24h30m": []},
    )


def test_a_change_of_leader_is_no_silence(tmp_path: Path) -> None:
    """A standby exports 0 until it leads."""
    given = [
        settled("one", "a", "0+15x40 stale"),
        settled("one", "b", "0x43 660+15x100"),
    ]

    judge(
        tmp_path,
        "StagingMirrorSilent",
        given,
        {at: [] for at in ("1m", "10m", "10m30s", "11m", "14m", "20m")},
    )


def test_where_no_operator_was_ever_there_it_is_silent(tmp_path: Path) -> None:
    judge(tmp_path, "StagingMirrorSilent", [], {"1m": [], "2m": [{}], "10m": [{}]})
