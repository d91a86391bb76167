"""When a copy may be used: what is started then must prove to be younger than it."""

import pytest

from stagingmirror.sources.mlflow.client.wire_types import RegisteredModel, Version
from stagingmirror.sources.mlflow.copy.copy import unambiguous_in

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("model", "version", "wait"),
    [
        (-3600.0, -0.5, 0.0),
        (-10.0, -0.5, 21.0),
        # The registry's clock is twenty seconds ahead: pods that start now would seem older.
        (-3600.0, 20.0, 20.0),
        (-3600.0, 7200.0, 31.0),
    ],
)
def test_a_copy_is_used_once_pods_that_start_then_are_younger_than_it(
    model: float, version: float, wait: float
) -> None:
    found = unambiguous_in(
        RegisteredModel("fraud", _ms(model), {}, {}),
        Version("fraud", "8", _ms(version), "models:/m-1", None, "READY", {}),
        31.0,
        NOW,
    )

    assert found == pytest.approx(wait)


def _ms(after: float) -> int:
    return int((NOW + after) * 1000)
