import pytest

from stagingmirror.api.types.quantity import parse_bytes
from stagingmirror.errors import NeedsHuman


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1k", 1000),
        ("1Ki", 1024),
        ("50Gi", 50 * 2**30),
        ("1.5M", 1_500_000),
        ("2T", 2e12),
    ],
)
def test_a_size_is_a_number_of_bytes(text: str, size: float) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "Gi", "50GB", "50 Gi", "-1Gi", "1e3", "1" * 17])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(NeedsHuman, match=r"e\.g\. 50Gi") as refused:
        parse_bytes(text)

    assert refused.value.reason == "InvalidQuantity"
