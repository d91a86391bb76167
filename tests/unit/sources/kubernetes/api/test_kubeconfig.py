"""A kubeconfig from a Secret is data: nothing in it is run, no file is read, and nobody unknown is
trusted.
"""

import base64
from typing import Any

import pytest
import yaml

from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.kubeconfig import LIMIT, parse_kubeconfig

SECRET = "s3cr3t-value"
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
DATA = base64.b64encode(PEM.encode()).decode()


def kubeconfig(
    *, cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None, **root: Any
) -> str:
    """One context; what is given replaces what is there, None removes it."""

    def changed(entry: dict[str, Any], more: dict[str, Any] | None) -> dict[str, Any]:
        return {key: each for key, each in (entry | (more or {})).items() if each is not None}

    server = {"server": "https://10.0.0.1:6443", "certificate-authority-data": DATA}
    whole = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": changed(server, cluster)}],
        "users": [{"name": "u", "user": changed({"token": SECRET}, user)}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    return yaml.safe_dump(changed(whole, root))


def refusal(text: str) -> NeedsHuman:
    with pytest.raises(NeedsHuman) as raised:
        parse_kubeconfig(text)
    assert SECRET not in str(raised.value)
    return raised.value


def test_server_authority_and_token_are_taken() -> None:
    found = parse_kubeconfig(
        kubeconfig(
            cluster={"tls-server-name": "kubernetes", "proxy-url": "http://proxy.example:3128"}
        )
    )

    assert found.address == (
        "https://10.0.0.1:6443",
        PEM,
        "kubernetes",
        "http://proxy.example:3128",
    )
    assert (found.token, found.certificate, found.key) == (SECRET, None, None)
    assert SECRET not in repr(found)


def test_a_client_certificate_is_taken_without_a_token() -> None:
    both = {"client-certificate-data": DATA, "client-key-data": DATA, "token": None}

    found = parse_kubeconfig(kubeconfig(user=both))

    assert (found.token, found.certificate, found.key) == (None, PEM, PEM)


NO_NAMES = ("a..b", ".", ".example", "a" * 64, "a\nb", "a\0b", "ä.example", "*")
"""What a resolver or TLS would raise for, or would take for no name at all."""
NO_HOSTS = (
    *(f"https://{name}" for name in NO_NAMES),
    f"https://{'.'.join(['a' * 62] * 5)}",
    *("https://[::1]x", "https://[::1", "https://[a.example]", "https://a%2eb", "https://:443"),
)


@pytest.mark.parametrize(
    "server",
    [
        *("https://api.example:6443/k8s/c-1", "https://a_b.example.", "https://10.0.0.1"),
        *("https://[2001:db8::1]:6443", "https://xn--4ca.example", "https://LOCALHOST"),
    ],
)
def test_a_host_is_a_name_or_an_address(server: str) -> None:
    assert parse_kubeconfig(kubeconfig(cluster={"server": server})).address.server == server


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("exec", {"command": SECRET}),
        ("auth-provider", {"name": SECRET}),
        ("username", SECRET),
        ("password", SECRET),
        ("tokenFile", f"/{SECRET}"),
        ("client-certificate", f"/{SECRET}"),
        ("client-key", f"/{SECRET}"),
        ("as", SECRET),
        ("as-groups", [SECRET]),
        ("shiny", SECRET),
    ],
)
def test_what_a_user_must_not_have_is_refused_by_its_name(field: str, value: object) -> None:
    error = refusal(kubeconfig(user={field: value}))

    assert error.reason == Reason.KUBECONFIG_REFUSED
    assert f"{field} of its user" in error.message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("certificate-authority", f"/{SECRET}"),
        ("insecure-skip-tls-verify", True),
        ("server", None),
        ("server", f"http://{SECRET}"),
        ("server", f"https://user:{SECRET}@10.0.0.1"),
        ("server", "https://"),
        ("server", f"https://10.0.0.1:99999/{SECRET}"),
        ("server", f"https://10.0.0.1/?{SECRET}"),
        ("proxy-url", f"socks5://{SECRET}:1080"),
        ("proxy-url", f"http://user:{SECRET}@proxy:3128"),
        ("certificate-authority-data", None),
        *((field, value) for field in ("server", "proxy-url") for value in NO_HOSTS),
        *(("tls-server-name", name) for name in NO_NAMES),
    ],
)
def test_what_a_cluster_must_not_have_is_refused_by_its_name(field: str, value: object) -> None:
    error = refusal(kubeconfig(cluster={field: value}))

    assert error.reason == Reason.KUBECONFIG_REFUSED
    assert f"{field} of its cluster" in error.message


def test_a_certificate_that_is_checked_after_all_may_say_so() -> None:
    parse_kubeconfig(kubeconfig(cluster={"insecure-skip-tls-verify": False}))


@pytest.mark.parametrize("field", ["server", "proxy-url"])
@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"])
def test_an_address_of_the_own_link_is_refused(field: str, host: str) -> None:
    error = refusal(kubeconfig(cluster={field: f"https://{host}:443"}))

    assert error.reason == Reason.LINK_LOCAL
    assert field in error.message


@pytest.mark.parametrize(
    "user",
    [
        {"token": None},
        {"token": f"{SECRET} with blanks"},
        {"token": f"{SECRET}\nX-Header: 1"},
        {"token": 1234567890},
        {"token": SECRET * 2000},
        {"token": None, "client-certificate-data": DATA},
        {"token": None, "client-key-data": DATA},
        {"token": None, "client-certificate-data": "§", "client-key-data": DATA},
    ],
)
def test_credentials_that_are_none_are_refused(user: dict[str, Any]) -> None:
    assert refusal(kubeconfig(user=user)).reason == Reason.KUBECONFIG_REFUSED


CONTEXT = {"name": "x", "context": {"cluster": "c", "user": "u"}}


def test_the_only_context_counts_without_a_current_one() -> None:
    assert parse_kubeconfig(kubeconfig(**{"current-context": None})).token == SECRET


@pytest.mark.parametrize(
    ("root", "says"),
    [
        ({"contexts": [CONTEXT, {**CONTEXT, "name": "y"}], "current-context": None}, "2 contexts"),
        ({"contexts": None, "current-context": None}, "no context"),
        ({"current-context": "other"}, "contexts has no entry"),
        ({"contexts": [CONTEXT, CONTEXT]}, "contexts has more than one entry"),
        ({"contexts": [{"name": "x"}]}, "contexts has an entry without context"),
        ({"clusters": None}, "clusters has no entry"),
        ({"users": "u"}, "users is no list"),
        ({"users": ["u"]}, "users has an entry that is no mapping"),
    ],
)
def test_a_context_that_leads_nowhere_is_refused(root: dict[str, Any], says: str) -> None:
    assert says in refusal(kubeconfig(**root)).message


BOMB = "a: &a [x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        SECRET,
        f"- {SECRET}",
        f"{{{SECRET}",
        f"!!python/object/apply:os.system [{SECRET}]",
        "[" * 50_000,
        "[" * 1_900,
        "- " * 30_000,
        "- " * 1_900,
        "[a,]" * 490,
        BOMB,
        BOMB + "contexts: [{name: *m, context: *n}]\ncurrent-context: *m\n",
        "x" * (LIMIT + 1),
    ],
    ids=range(13),
)
def test_what_is_no_kubeconfig_is_refused(text: str) -> None:
    assert refusal(text).reason == Reason.KUBECONFIG_REFUSED


def test_one_context_of_forty_may_count() -> None:
    others = [{"name": f"x{each}", "context": {"cluster": "o", "user": "o"}} for each in range(39)]
    assert parse_kubeconfig(kubeconfig(contexts=[CONTEXT, *others])).token == SECRET
