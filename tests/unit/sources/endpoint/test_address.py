import pytest

from stagingmirror.sources.endpoint.address import address_of

ONE = "http://features.ml-prod.svc:80/get"


@pytest.mark.parametrize(
    "spelled",
    [
        "http://features.ml-prod.svc/get",
        "HTTP://Features.ML-prod.svc:80/get",
        "http://features.ml-prod.svc./get",
        "http://features.ml-prod/get",
        "http://features.ml-prod.svc.cluster.local/get",
        "http://features.ml-prod.svc.cluster.local./get/",
        "http://features.ml-prod.svc/./other/../get",
        "http://features.ml-prod.svc/g%65t",
    ],
)
def test_spellings_that_lead_to_one_endpoint_are_one_address(spelled: str) -> None:
    assert address_of(spelled) == address_of(ONE)


@pytest.mark.parametrize(
    "other",
    [
        "https://features.ml-prod.svc:80/get",
        "http://features.ml-prod.svc:8080/get",
        "http://features.ml-prod.svc/got",
        "http://features.ml-staging.svc/get",
    ],
)
def test_other_servers_and_paths_are_other_addresses(other: str) -> None:
    assert address_of(other) != address_of(ONE)


def test_forms_of_an_ip_address_are_one() -> None:
    assert address_of("http://[0:0::1]/get") == address_of("http://[::1]:80/get")


@pytest.mark.parametrize("wrong", ["http://features:99999/get", "http://[features/get", ""])
def test_what_is_no_url_is_like_itself_alone(wrong: str) -> None:
    assert address_of(wrong) == address_of(wrong)
    assert address_of(wrong) != address_of(ONE)
