"""What history shows."""

from typing import Any

from stagingmirror.cli.screens.history import history_screen
from support.resources.screens import golden, plain
from support.resources.statuses import NOW, ago, component, seen


def test_history_shows_refreshes_and_deploys_newest_first() -> None:
    mirror = seen(
        component("a"),
        refreshes=[
            {
                "id": "r1",
                "trigger": "Manual",
                "result": "Succeeded",
                "message": "2 of 2 applied and verified",
                "started": ago(659),
                "finished": ago(600),
            },
            {"id": "r0", "trigger": "Schedule", "result": "Skipped", "finished": ago(2 * 86400)},
        ],
        deploys=[
            deploy("fraud-model", at=ago(100_000), mismatch=list("abcde")),
            deploy("fraud-model", side="staging", at=ago(610)),
            deploy("features", side="staging", at=ago(611), verified=False),
            {"component": "a", "side": "staging", "at": ago(620), "message": "newer", "x": 1},
        ],
    )

    assert plain(history_screen(mirror, NOW)) == golden("""
        refreshed                by         result      took
        13:50:00 (10 min ago)    Manual     Succeeded   59 s   2 of 2 applied and verified
        Nov 20 14:00 (2 d ago)   Schedule   Skipped

        deployed                     side         component     workload            what
        13:49:50 (10 min ago)        staging      fraud-model   Deployment server   version 12, contentHash sha256:82cb1fbc   ✓ verified: as production
        13:49:49 (10 min ago)        staging      features      Deployment server   version 12, contentHash sha256:82cb1fbc   ? not verified
        13:49:40 (10 min ago)        staging      a                                 newer
        Nov 21 10:13 (27h 46m ago)   production   fraud-model   Deployment server   version 12, contentHash sha256:82cb1fbc   ✗ mismatch with staging: a, b, c and 2 more
        """)  # noqa: E501 - a screen as it is


def deploy(component: str, *, at: str, **more: Any) -> dict[str, Any]:
    told = {
        "component": component,
        "side": "production",
        "at": at,
        "workloads": ["Deployment server"],
        "revisions": {"Deployment server": "1"},
        "provenance": {
            "version": "12",
            "contentHash": f"sha256:{'82cb1fbc' * 8}",
            "signature": '{"inputs": []}',
        },
        "verified": True,
        "message": "a long sentence",
    }
    return told | more


def test_history_of_nothing_says_so() -> None:
    assert plain(history_screen(seen(component("a")), NOW)) == (
        "fraud: no refresh and no deploy was seen yet"
    )
