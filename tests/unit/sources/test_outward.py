import pytest

from stagingmirror.api.spec.environment.server import Server
from stagingmirror.errors import NeedsHuman
from stagingmirror.sources.outward import Proxy, is_link_local, proxy_of
from stagingmirror.sources.source import Access, Basic, Token

PROXY = "http://proxy.example:3128"
LOGIN = Basic("us", "hush")


def server(url: str = "https://mlflow.example", proxy: str | None = PROXY) -> Server:
    return Server(url=url, proxy_url=proxy)


def test_without_an_address_there_is_no_proxy_whatever_the_secret_holds() -> None:
    assert proxy_of(server(proxy=None), Access(None, LOGIN), "mlflow") is None


@pytest.mark.parametrize(
    ("access", "login"),
    [(None, None), (Access(Token("t")), None), (Access(Token("t"), LOGIN), LOGIN)],
)
def test_a_server_with_tls_is_reached_with_all_credentials(
    access: Access | None, login: Basic | None
) -> None:
    assert proxy_of(server(), access, "mlflow") == Proxy(PROXY, login)


@pytest.mark.parametrize("credentials", [Token("t"), Basic("us", "hush")])
def test_credentials_do_not_go_through_a_proxy_that_could_read_them(
    credentials: Token | Basic,
) -> None:
    with pytest.raises(NeedsHuman, match=r"mlflow\.url is http://.*use https://") as raised:
        proxy_of(server("http://mlflow.example"), Access(credentials, LOGIN), "mlflow")

    assert raised.value.reason == "InvalidProxy"
    assert "hush" not in raised.value.message


def test_without_credentials_a_plain_server_may_be_reached_through_it() -> None:
    plain = server("http://mlflow.example")

    assert proxy_of(plain, Access(None, LOGIN), "mlflow") == Proxy(PROXY, LOGIN)


def test_a_proxy_does_not_lead_to_the_link_of_a_node() -> None:
    with pytest.raises(NeedsHuman, match="link-local"):
        proxy_of(server("http://169.254.169.254"), None, "mlflow")


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        *((each, True) for each in ("169.254.169.254", "fe80::1", "fe80::1%eth0", "[fe80::1]")),
        ("::ffff:169.254.169.254", True),
        *((each, False) for each in ("10.0.0.1", "127.0.0.1", "::1", "fd00::1", "mlflow", "")),
    ],
)
def test_what_is_link_local(host: str, is_one: bool) -> None:
    assert is_link_local(host) is is_one


def test_credentials_are_in_no_representation() -> None:
    assert "hush" not in repr(Proxy(PROXY, LOGIN))
    assert "hush" not in repr(Access(LOGIN, LOGIN))
