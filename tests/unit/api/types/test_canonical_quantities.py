"""One spelling of all quantities of one value."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils.quantity import parse_quantity

from stagingmirror.api.types.quantity import canonical


@pytest.mark.parametrize(
    ("resource", "texts"),
    [
        ("cpu", ["1", "1000m", "1.0", "1000000u", "1e0"]),
        ("cpu", ["500m", "0.5", ".5"]),
        ("memory", ["1Gi", "1024Mi", "1073741824", "1048576Ki"]),
        ("memory", ["4000000000", "4G", "4000M", "4e9", "4E9"]),
        ("nvidia.com/gpu", ["1", "1.0", "1000m"]),
        ("nvidia.com/gpu", ["1024", "1Ki"]),
    ],
)
def test_equal_values_are_one_text(resource: str, texts: list[str]) -> None:
    assert len({canonical(resource, text) for text in texts}) == 1


@pytest.mark.parametrize(
    ("resource", "text", "shown"),
    [
        ("cpu", "1500m", "1.5"),
        ("memory", "17179869184", "16Gi"),
        ("memory", "0", "0"),
        ("hugepages-2Mi", "2048Ki", "2Mi"),
        ("cpu", "2k", "2000"),
        ("cpu", "no quantity", "no quantity"),
        ("cpu", "1ee5", "1ee5"),
        ("cpu", "1.2.3", "1.2.3"),
    ],
)
def test_values_are_spelled_as_people_write_them(resource: str, text: str, shown: str) -> None:
    assert canonical(resource, text) == shown


@given(
    number=st.decimals(0, 10**6, places=3),
    unit=st.sampled_from(["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti"]),
    resource=st.sampled_from(["cpu", "memory"]),
)
def test_the_client_of_kubernetes_reads_the_same_value(
    number: Decimal, unit: str, resource: str
) -> None:
    text = f"{number}{unit}"

    assert parse_quantity(canonical(resource, text)) == parse_quantity(text)
